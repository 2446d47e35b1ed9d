"""Forms of monitors, services and systems."""
