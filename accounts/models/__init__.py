"""Models of accounts."""

from accounts.models.access import AllowedNetwork, ApiToken, Invitation, SetupLink
from accounts.models.contacts import ContactMethod, Verification
from accounts.models.people import Membership, Organisation, Team, User

__all__ = [
    "AllowedNetwork",
    "ApiToken",
    "ContactMethod",
    "Invitation",
    "Membership",
    "Organisation",
    "SetupLink",
    "Team",
    "User",
    "Verification",
]
