"""The instants of an incident and the lengths between them: the one place where they are subtracted. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Times:
    """began_at: by the evidence. detected_at: when we knew. first_page_at: accepted by a provider. None: not so far."""

    began_at: datetime
    detected_at: datetime
    first_page_at: datetime | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def to_detect(self) -> timedelta:
        """From the beginning to our knowing."""
        return self.detected_at - self.began_at

    @property
    def to_page(self) -> timedelta | None:
        """From our knowing to the first page that a provider accepted."""
        return self.first_page_at - self.detected_at if self.first_page_at else None

    @property
    def to_acknowledge(self) -> timedelta | None:
        """From our knowing to the first person who had it."""
        return self.acknowledged_at - self.detected_at if self.acknowledged_at else None

    @property
    def until_acknowledged(self) -> timedelta | None:
        """From the beginning to the first person who had it."""
        return self.acknowledged_at - self.began_at if self.acknowledged_at else None

    @property
    def to_resolve(self) -> timedelta | None:
        """From the beginning to the end, the end as it stands after any reopening."""
        return self.resolved_at - self.began_at if self.resolved_at else None
