"""The same house and the same browsers as the people pages have."""

from tests.accounts.conftest import _house, as_, house  # noqa: F401
