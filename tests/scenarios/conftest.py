"""Every scenario plays in the world."""

from tests.world import world  # noqa: F401 - the fixture
