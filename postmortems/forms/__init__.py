"""Forms about post-mortems and action items."""
