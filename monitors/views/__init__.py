"""Pages of monitors, services and systems."""
