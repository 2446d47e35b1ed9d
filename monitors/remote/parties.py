"""Who speaks with whom: the engine of this installation, and the locations whose probes are remote."""

from __future__ import annotations

from django.conf import settings

from monitors.models import Location
from monitors.remote.keys import PrivateKeys, PublicKeys, UnreadableKey, engine_seed, private_keys, read_public


def engine_keys() -> PrivateKeys:
    """The engine's own keys; the public half is what remote probes trust (`ENGINE_KEY`)."""
    return private_keys(engine_seed(settings.SIGNING_KEY))


def probe_keys(location: Location) -> PublicKeys | None:
    """The public keys of a location's remote probe; None for one with the database."""
    try:
        return read_public(location.public_key) if location.public_key else None
    except UnreadableKey:
        return None


def remote_locations() -> dict[bytes, Location]:
    """Locations in force with a remote probe, by the id of their keys."""
    found = Location.objects.in_force().exclude(public_key="")
    keyed = ((probe_keys(location), location) for location in found)
    return {keys.id: location for keys, location in keyed if keys is not None}
