"""Models of oncall: configuration (tracked) apart from what happens at run time."""

from oncall.models.paging import Attempt, Callback, InboundKey, InboundSms, Page, PhoneCode
from oncall.models.policies import CatchAll, Policy
from oncall.models.runs import Run, StepExecution

__all__ = [
    "Attempt",
    "Callback",
    "CatchAll",
    "InboundKey",
    "InboundSms",
    "Page",
    "PhoneCode",
    "Policy",
    "Run",
    "StepExecution",
]
