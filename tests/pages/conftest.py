"""The same house and the same browsers as the people pages have."""

from tests.accounts.conftest import as_, house  # noqa: F401
