"""Who may what, role by role, for the tables of pages."""

from tests.accounts.house import ROLES

ALL = dict.fromkeys(ROLES, 200)
EDITORS = {"viewer": 403, "auditor": 403, "responder": 403, "manager": 200, "admin": 200}
ADMINS = {"viewer": 403, "auditor": 403, "responder": 403, "manager": 403, "admin": 200}
RESPONDERS = {"viewer": 403, "auditor": 403, "responder": 200, "manager": 200, "admin": 200}
NOBODY = dict.fromkeys(ROLES, 404)
OWNER_OR_ADMIN = {"viewer": 404, "auditor": 404, "responder": 404, "manager": 404, "admin": 302}


def saying(table, **statuses):
    """The table with other statuses: `saying(EDITORS, ok=422)` for who may, but sent nothing."""
    return {role: statuses.get("ok", status) if status == 200 else status for role, status in table.items()}
