"""Models of monitors: configuration, what was observed, and the engine's own rows."""

from monitors.models.facts import Result, Signal, StateInterval
from monitors.models.inventory import Service, ServiceSystem, System
from monitors.models.monitors import Location, Monitor, Rule
from monitors.models.runtime import MonitorState, ProbePlan, ProbeSlot

__all__ = [
    "Location",
    "Monitor",
    "MonitorState",
    "ProbePlan",
    "ProbeSlot",
    "Result",
    "Rule",
    "Service",
    "ServiceSystem",
    "Signal",
    "StateInterval",
    "System",
]
