"""Models of post-mortems."""

from postmortems.models.actions import ActionCounter, ActionItem
from postmortems.models.documents import PostMortem, Publication, SectionVersion

__all__ = ["ActionCounter", "ActionItem", "PostMortem", "Publication", "SectionVersion"]
