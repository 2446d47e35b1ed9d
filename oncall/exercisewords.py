"""What became of an exercise, in words. Standard library only."""

# by outcome: a mark of the four truths, `failed` or `none`, and words
CAME_TO = {
    "": ("accepted", "under way"),
    "confirmed": ("confirmed", "confirmed in time"),
    "missed": ("failed", "not confirmed"),
    "nobody": ("failed", "nobody to page"),
    "ended": ("none", "called off"),
}
