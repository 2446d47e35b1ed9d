"""Remote probes: they have the broker only. Plans go out sealed, results come back signed; docs/locations.md has the rules."""
