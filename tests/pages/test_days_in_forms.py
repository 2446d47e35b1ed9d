"""A day stands in a form as browsers read it: in any other form the field looks empty, and saving would lose it."""

import pytest

DAYS = (
    ("agreements/{agreement}/edit/", 'name="effective_from" value="2026-01-01"'),
    ("postmortems/action-items/{action}/", 'name="due_on" value="20'),
)


@pytest.mark.parametrize(("address", "field"), DAYS)
def test_a_day_is_filled_in_as_a_browser_reads_it(house, as_, address, field):
    page = as_("admin").get(f"/{address.format(**house.ids)}").content.decode()
    assert field in page
    assert 'type="date"' in page
