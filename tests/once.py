"""What many tests of a file begin with, built once for all of them and handed to each as a copy.

A house is some two hundred rows, each with its history and its line of the ledger: a third of a second, which was half of the
time of a test of one page. The rows stand in a transaction around those of the tests, and go when the last test of the file has run.
For files without transactional tests: these would empty the tables under it.
"""

from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.db import transaction


@contextmanager
def kept(blocker, make):
    """Rows for a file of tests; yields what `make` returns. `blocker` is pytest-django's."""
    around = transaction.atomic()
    around._from_testcase = True  # services that want to be the outermost transaction may be, as inside any test
    with blocker.unblock():
        around.__enter__()
        try:
            made = make()
        except BaseException:
            _undo(around)
            raise
    yield made
    with blocker.unblock():
        _undo(around)


def _undo(around):
    transaction.set_rollback(True)
    around.__exit__(None, None, None)


def built(make):
    """Two fixtures, of a file and of a test: `_house, house = built(build)`. Both names must stand where the test does."""

    @pytest.fixture(scope="module", name="_house")
    def of_a_file(django_db_setup, django_db_blocker):
        with kept(django_db_blocker, make) as made:
            yield made

    @pytest.fixture(name="house")
    def of_a_test(_house, db):
        return deepcopy(_house)

    return of_a_file, of_a_test
