"""What a run is about, as far as on-call needs to know. Pure: standard library only."""

from __future__ import annotations

from dataclasses import dataclass

URGENCIES = ("high", "low")
SEVERITIES = (1, 2, 3, 4)
# The kind of a run that is held to see whether the way is open: no incident, and never a call of the catch-all.
EXERCISE = "exercise"


@dataclass(frozen=True)
class Subject:
    """The facts a run freezes when it starts.

    `kind` and `id` name the object upstairs (`"incident"`, `"INC-2026-0042"`); on-call never follows them. `severity` is
    1 (worst) to 4, `urgency` is `high` or `low`, `url` is where a signed-in person reads on. `service` is the name of the
    service, "" for none.
    """

    kind: str
    id: str
    service_key: str
    severity: int
    urgency: str
    title: str
    url: str
    service: str = ""

    def __post_init__(self) -> None:
        if not self.kind or not self.id:
            raise ValueError("A subject needs a kind and an id.")
        if self.urgency not in URGENCIES:
            raise ValueError(f"Urgency is high or low, not {self.urgency!r}.")
        if self.severity not in SEVERITIES:
            raise ValueError(f"Severity is 1 to 4, not {self.severity!r}.")
