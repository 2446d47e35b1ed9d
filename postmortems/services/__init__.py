"""Changes of post-mortems and action items: one function each, one transaction each."""
