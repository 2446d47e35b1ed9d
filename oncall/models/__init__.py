"""Models of oncall: configuration (tracked) apart from what happens at run time."""

from oncall.models.absences import Absence, AbsenceCalendar
from oncall.models.calendars import CalendarFeed
from oncall.models.contact_tests import ContactTest
from oncall.models.duty import OnCallCorrection, OnCallInterval
from oncall.models.exercises import Canary, Exercise
from oncall.models.notices import Notice
from oncall.models.paging import Attempt, Callback, InboundKey, InboundSms, Page, PhoneCode, ProviderPace
from oncall.models.policies import CatchAll, Policy
from oncall.models.providers import ProviderAccount
from oncall.models.runs import Run, StepExecution
from oncall.models.schedules import LayerMembers, Override, Schedule, ScheduleLayer
from oncall.models.swaps import Swap
from oncall.models.taps import InboundTap

__all__ = [
    "Absence",
    "AbsenceCalendar",
    "Attempt",
    "CalendarFeed",
    "Callback",
    "Canary",
    "CatchAll",
    "ContactTest",
    "Exercise",
    "InboundKey",
    "InboundSms",
    "InboundTap",
    "LayerMembers",
    "Notice",
    "OnCallCorrection",
    "OnCallInterval",
    "Override",
    "Page",
    "PhoneCode",
    "Policy",
    "ProviderAccount",
    "ProviderPace",
    "Run",
    "Schedule",
    "ScheduleLayer",
    "StepExecution",
    "Swap",
]
