"""The types of checks: one file each, and one line here. Pure, standard library only.

How one is added stands in docs/monitoring.md, "Adding a check type".
"""

from monitors.kinds import http
from monitors.kinds.base import Field, Kind, Secrets, Shape, Target
from monitors.kinds.text import TargetError

HTTP = http.KIND.name

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        http.KIND,
    )
}  # fmt: skip

__all__ = ["HTTP", "KINDS", "Field", "Kind", "Secrets", "Shape", "Target", "TargetError"]
