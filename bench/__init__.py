"""Benches and soaks: what needs minutes or compares, run by hand before a part is closed."""
