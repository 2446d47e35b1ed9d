"""The sections of a post-mortem, in order. Their headings are fixed: readers compare one with the next.

Standard library only. TEMPLATE is kept with every post-mortem, so that a later set of sections leaves
older documents as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

TEMPLATE = 1


@dataclass(frozen=True)
class Section:
    """One heading. ask: what it should answer. needed: it may not be empty when approval is asked for."""

    key: str
    title: str
    ask: str
    needed: bool = True


ALL: tuple[Section, ...] = (
    Section("summary", "What happened", "In a few sentences, so that somebody who was not there understands it."),
    Section("impact", "Impact", "Who noticed, what they could not do, how many of them, for how long."),
    Section(
        "root_cause", "Root cause", "What had to be true for this to happen. Ask why until it is no longer a person."
    ),
    Section("contributing", "Contributing factors", "At least one: what made it likelier, larger or longer."),
    Section(
        "detection_gap",
        "Why monitoring did or did not catch it",
        "What saw it first, what should have seen it sooner, what stayed green meanwhile.",
    ),
    Section("went_well", "What went well", "What should be kept the next time.", needed=False),
    Section("lessons", "Lessons", "What others should know of this.", needed=False),
)
BY_KEY: dict[str, Section] = {section.key: section for section in ALL}

CATEGORIES: dict[str, str] = {
    "change": "A change of ours",
    "capacity": "Capacity or load",
    "defect": "A defect that lay there",
    "dependency": "Somebody else's service",
    "hardware": "Hardware or network",
    "data": "Data",
    "security": "Security",
    "process": "A way of working",
    "unknown": "Not known",
}
KINDS: dict[str, str] = {
    "prevent": "Prevent",
    "detect": "Detect",
    "respond": "Respond",
    "recover": "Recover",
}
