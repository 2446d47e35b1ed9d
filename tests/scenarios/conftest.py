"""Every scenario plays in the world."""

import pytest

from tests.scenarios.calls import by_call_alone
from tests.world import world  # noqa: F401 - the fixture


@pytest.fixture
def called(world):  # noqa: F811
    """Alice is reached by call alone; her phone is called for INC-2026-0001."""
    by_call_alone(world, "Alice")
    world.breaks("Checkout API")
    world.advance(minutes=2)
    return world
