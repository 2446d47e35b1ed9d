"""Escalation: frozen policies, runs with a due row, the pure planner and its applier."""
