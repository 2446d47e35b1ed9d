"""Zones a person can live in, for select fields. Standard library only."""

from functools import cache
from zoneinfo import available_timezones

REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def zone_choices() -> list[tuple[str, str]]:
    """UTC, then every region/city in order; spellings of the past such as `US/Eastern` are left out."""
    names = sorted(name for name in available_timezones() if name.split("/")[0] in REGIONS and "/" in name)
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]
