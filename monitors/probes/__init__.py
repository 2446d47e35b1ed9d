"""Probes: one file a kind. Network libraries, never Django models; where to go is handed in."""
