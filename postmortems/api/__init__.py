"""Post-mortems and action items, by the API."""
