"""The types of checks: one file each, and one line here. Pure, standard library only.

How one is added stands in docs/monitoring.md, "Adding a check type".
"""

from monitors.kinds import dns, health, heartbeat, http, icmp, mysql, postgresql, redis, smtp, tcp, tls
from monitors.kinds.base import Field, Kind, Secrets, Shape, Target
from monitors.kinds.text import TargetError

HTTP, DNS, HEALTH = http.KIND.name, dns.KIND.name, health.KIND.name
HEARTBEAT = heartbeat.KIND.name

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        http.KIND,
        health.KIND,
        tls.KIND,
        dns.KIND,
        tcp.KIND,
        icmp.KIND,
        smtp.KIND,
        postgresql.KIND,
        mysql.KIND,
        redis.KIND,
        heartbeat.KIND,
    )
}  # fmt: skip

__all__ = ["DNS", "HEALTH", "HEARTBEAT", "HTTP", "KINDS", "Field", "Kind", "Secrets", "Shape", "Target", "TargetError"]
