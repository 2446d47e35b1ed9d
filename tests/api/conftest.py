"""The world, for calls about what only a whole night makes."""

from tests.world import world  # noqa: F401 - the fixture
