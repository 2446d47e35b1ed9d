"""Models of evidence."""

from evidence.models.anchors import Anchor, SealLetter
from evidence.models.clocks import ClockReading
from evidence.models.deadman import DeadMan, DeadManState
from evidence.models.digests import HourDigest
from evidence.models.packs import Pack
from evidence.models.selfchecks import AuditHour, AuditorState, SelfCheckFinding

__all__ = [
    "Anchor",
    "AuditHour",
    "AuditorState",
    "ClockReading",
    "DeadMan",
    "DeadManState",
    "HourDigest",
    "Pack",
    "SealLetter",
    "SelfCheckFinding",
]
