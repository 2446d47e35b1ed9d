"""Pages of post-mortems and action items."""
