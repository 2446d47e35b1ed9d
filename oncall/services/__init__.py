"""Services of on-call's configuration: one function for each change."""

from oncall.services.policies import NameTaken, change_catch_all, change_policy, create_policy, retire_policy

__all__ = [
    "NameTaken",
    "change_catch_all",
    "change_policy",
    "create_policy",
    "retire_policy",
]
