"""Services of monitors: one function for each change of state or configuration."""

from monitors.services.badges import change_badge, create_badge, retire_badge, rotate_badge_key
from monitors.services.checks import check_once
from monitors.services.conditions import clear_condition, ensure_rule, raise_condition
from monitors.services.inventory import (
    change_service,
    change_system,
    create_service,
    create_system,
    retire_service,
    retire_system,
    set_systems,
)
from monitors.services.locations import change_location, create_location, retire_location, set_locations
from monitors.services.monitors import (
    change_monitor,
    create_monitor,
    down_rule,
    ensure_location,
    pause_monitor,
    resume_monitor,
    retire_monitor,
)

__all__ = [
    "change_badge",
    "change_location",
    "change_monitor",
    "change_service",
    "change_system",
    "check_once",
    "clear_condition",
    "create_badge",
    "create_location",
    "create_monitor",
    "create_service",
    "create_system",
    "down_rule",
    "ensure_location",
    "ensure_rule",
    "pause_monitor",
    "raise_condition",
    "resume_monitor",
    "retire_badge",
    "retire_location",
    "retire_monitor",
    "retire_service",
    "retire_system",
    "rotate_badge_key",
    "set_locations",
    "set_systems",
]
