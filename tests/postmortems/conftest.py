"""The world, a fault in it that is over, and desks at which people write down what they learnt."""

from tests.postmortems.desk import alice, bob, draft, in_review, incident, mona  # noqa: F401 - fixtures
from tests.world import world  # noqa: F401 - the fixture
