"""What a new post-mortem begins with: citations of the record, no claim of ours. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

BEGINNINGS = ("opened", "declared")
HAS_IT = ("acknowledged",)
ENDINGS = ("resolved", "recovered")


def first_words(story: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Texts by section from (kind, id) of the timeline in order: how it began, who had it first, how it ended."""
    lines = list(story)
    began = next((id for kind, id in lines if kind in BEGINNINGS), "")
    had_it = next((id for kind, id in lines if kind in HAS_IT), "")
    ended = next((id for kind, id in reversed(lines) if kind in ENDINGS), "")
    parts = [f"It began: [{began}]" if began else ""]
    parts.append(f"Who had it first: [{had_it}]" if had_it else "Nobody acknowledged it before it ended.")
    parts.append(f"It ended: [{ended}]" if ended else "")
    return {"summary": "\n\n".join(part for part in parts if part)}
