"""Who is on call when: turns, restrictions, overrides. Pure; the rules in words are docs/schedules.md."""
