"""Models of accounts."""

from accounts.models.access import AllowedNetwork, ApiToken, Invitation, SetupLink
from accounts.models.contacts import ContactMethod, Verification
from accounts.models.holds import LegalHold
from accounts.models.idempotency import IdempotencyKey
from accounts.models.letters import Letter
from accounts.models.people import Membership, Organisation, Team, User
from accounts.models.rules import ContactRules

__all__ = [
    "AllowedNetwork",
    "ApiToken",
    "ContactMethod",
    "ContactRules",
    "IdempotencyKey",
    "Invitation",
    "LegalHold",
    "Letter",
    "Membership",
    "Organisation",
    "SetupLink",
    "Team",
    "User",
    "Verification",
]
