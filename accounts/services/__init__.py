"""State changes of accounts, one function each."""

from accounts.services.contacts import (
    add_contact,
    confirm_contact,
    remove_contact,
    rotate_contact_secret,
    start_verification,
    verification_code,
)
from accounts.services.organisation import allow_network, change_organisation, disallow_network
from accounts.services.people import (
    accept_invitation,
    change_role,
    change_settings,
    deactivate,
    invite,
    issue_invitation,
    reactivate,
)
from accounts.services.setup import complete_setup, create_admin, issue_setup_link
from accounts.services.teams import add_member, create_team, remove_member, rename_team
from accounts.services.tokens import issue_token, revoke_token

__all__ = [
    "accept_invitation",
    "add_contact",
    "add_member",
    "allow_network",
    "change_organisation",
    "change_role",
    "change_settings",
    "complete_setup",
    "confirm_contact",
    "create_admin",
    "create_team",
    "deactivate",
    "disallow_network",
    "invite",
    "issue_invitation",
    "issue_setup_link",
    "issue_token",
    "reactivate",
    "remove_contact",
    "remove_member",
    "rename_team",
    "revoke_token",
    "rotate_contact_secret",
    "start_verification",
    "verification_code",
]
