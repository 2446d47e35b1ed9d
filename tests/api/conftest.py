"""Limits are counted anew in each test."""

import pytest
from django.core.cache import caches


@pytest.fixture(autouse=True)
def limits_start_at_nought():
    caches["throttle"].clear()
