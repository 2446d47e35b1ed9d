"""Models of monitors: configuration, what was observed, and the engine's own rows."""

from monitors.models.agreements import SLA
from monitors.models.badges import Badge
from monitors.models.continuity import ContinuityDay
from monitors.models.corrections import Adjustment as Adjustment
from monitors.models.facts import Result, Signal, StateInterval
from monitors.models.health import HealthChange, HealthDependency, HealthReport
from monitors.models.heartbeats import Heartbeat, HeartbeatRun, Ping, PingBody, PingKey
from monitors.models.inventory import Service, ServiceSystem, System
from monitors.models.locations import LocationLife, MonitorLocation, RemoteRefusal, Voice
from monitors.models.maintenance import MaintenanceSpan, MaintenanceWindow
from monitors.models.monitors import Location, Monitor, Rule
from monitors.models.packs import PackProgress, ResultPack
from monitors.models.runtime import ConditionState, MonitorState, ProbePlan, ProbeSlot
from monitors.models.sealed import DailyAvailability, MonthlyAvailability
from monitors.models.seen import Certificate, DnsObservation
from monitors.models.watching import ControlMeasurement, GapNote, LifeSpan, MonitoringGap

__all__ = [
    "SLA",
    "Badge",
    "Certificate",
    "ConditionState",
    "ContinuityDay",
    "ControlMeasurement",
    "DailyAvailability",
    "DnsObservation",
    "GapNote",
    "HealthChange",
    "HealthDependency",
    "HealthReport",
    "Heartbeat",
    "HeartbeatRun",
    "LifeSpan",
    "Location",
    "LocationLife",
    "MaintenanceSpan",
    "MaintenanceWindow",
    "Monitor",
    "MonitorLocation",
    "MonitorState",
    "MonitoringGap",
    "MonthlyAvailability",
    "PackProgress",
    "Ping",
    "PingBody",
    "PingKey",
    "ProbePlan",
    "ProbeSlot",
    "RemoteRefusal",
    "Result",
    "ResultPack",
    "Rule",
    "Service",
    "ServiceSystem",
    "Signal",
    "StateInterval",
    "System",
    "Voice",
]
