"""Heartbeats: when a job is expected, and what its pings say. The rules are in docs/heartbeats.md."""
