"""What a service tells its caller, so that every way in words the same answer."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from incidents.models import Incident

ACKNOWLEDGED, ALREADY_YOURS, ALREADY_TAKEN = "acknowledged", "already_yours", "already_taken"
RESOLVED, ALREADY_RESOLVED = "resolved", "already_resolved"
ESCALATED, TAKEN_OVER, REFUSED = "escalated", "taken_over", "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of an answer. `incident` is the row as it stands after it; `spared` were not called."""

    kind: str
    incident: Incident
    spared: tuple[User, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the incident changed."""
        return self.kind in (ACKNOWLEDGED, RESOLVED, ESCALATED, TAKEN_OVER)
