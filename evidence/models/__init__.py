"""Models of evidence."""

from evidence.models.deadman import DeadMan, DeadManState
from evidence.models.selfchecks import AuditHour, AuditorState, SelfCheckFinding

__all__ = ["AuditHour", "AuditorState", "DeadMan", "DeadManState", "SelfCheckFinding"]
