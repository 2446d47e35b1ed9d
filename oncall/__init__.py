"""Who is paged, when, over what, and what became of it."""
