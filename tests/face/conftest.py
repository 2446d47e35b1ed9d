"""One night for a whole module: it takes half a second to tell, and every test rolls back what it did to it."""

from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.db import transaction

from ledger import clock
from ledger.liveness import beat
from tests.face.scene import night

COMPONENTS = ("engine", "step:claim", "step:plan", "step:link")


@contextmanager
def told_once(blocker, **how):
    """The night, told inside a transaction that outlives the tests of a module and is then undone."""
    with blocker.unblock(), transaction.atomic():
        yield night(clock.now(), **how)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def answered_night(django_db_setup, django_db_blocker):
    with told_once(django_db_blocker) as made:
        yield made


@pytest.fixture(scope="module")
def unanswered_night(django_db_setup, django_db_blocker):
    with told_once(django_db_blocker, answered=False) as made:
        yield made


def as_alive(scene):
    """A copy for one test, with an engine that was heard this very second."""
    for component in COMPONENTS:
        beat(component, now=clock.now())
    return deepcopy(scene)


@pytest.fixture
def scene(answered_night, db):
    return as_alive(answered_night)


@pytest.fixture
def unanswered(unanswered_night, db):
    return as_alive(unanswered_night)
