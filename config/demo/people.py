"""Chapter: the company, its teams and its people, with the ways in which they are called.

Addresses end in .example and numbers are of a range kept for fiction, so that nobody can be reached by mistake.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from accounts.services.contacts import add_contact, confirm_contact, start_verification, verification_code
from accounts.services.people import accept_invitation, change_role, invite
from accounts.services.setup import issue_setup_link
from accounts.services.teams import add_member, create_team, rename_team
from accounts.services.tokens import issue_token
from config import first_run
from config.demo.world import Demo, doing

ORGANISATION, ZONE = "Larkspur Logistics", "Europe/Berlin"
ADMIN_EMAIL, PASSWORD = "mara@larkspur.example", "a year at the desk"
ADMIN = "Mara Lindqvist"
# name, role, team, zone, last two digits of a phone or None
CAST: tuple[tuple[str, str, str, str, int | None], ...] = (
    ("Ana Duarte", "responder", "Shop", "Europe/Lisbon", 12),
    ("Ben Okafor", "responder", "Shop", "Europe/London", 80),
    ("Ingrid Solberg", "manager", "Shop", "Europe/Oslo", 31),
    ("Tomas Rivera", "responder", "Carriers", "Europe/Madrid", 45),
    ("Priya Nair", "responder", "Carriers", "Europe/Berlin", 52),
    ("Lena Vogt", "manager", "Carriers", "Europe/Berlin", 63),
    ("Kofi Mensah", "responder", "Platform", "Europe/Berlin", 74),
    ("Jonas Weber", "admin", "Platform", "Europe/Berlin", 85),
    ("Noor Haddad", "responder", "Platform", "Europe/Paris", 96),
    ("Audra Finch", "auditor", "Platform", "Europe/London", None),
    ("Vera Oduya", "viewer", "Shop", "Europe/Berlin", None),
)

# who is called beside being texted: two who stand second and third in a ladder, and sleep well
CALLED = {"Ben": 81, "Jonas": 86}


def begin(demo: Demo) -> None:
    """The first run as somebody lives it, then everybody else is invited and joins within the hour."""
    fields = {
        "organisation": ORGANISATION,
        "timezone": ZONE,
        "name": ADMIN,
        "email": ADMIN_EMAIL,
        "password": PASSWORD,
    }
    secret = issue_setup_link(demo.start)
    made = first_run.begin(secret=secret or "", fields=fields, now=demo.start)
    mara = demo.people["Mara"] = made.admin
    confirm_all(demo, mara, demo.start)
    with doing(mara):
        now = demo.start + timedelta(minutes=20)
        rename_team(made.team, name="Platform", now=now, reason="The name we use", expected_version=made.team.version)
        demo.teams["Platform"] = made.team
        for name in ("Shop", "Carriers"):
            demo.teams[name] = create_team(name=name, now=now, reason="Who looks after what")
    add_phone(demo, mara, 47, now)
    for position, row in enumerate(CAST):
        join(demo, row, demo.start + timedelta(minutes=30 + 2 * position))
    for first, digits in CALLED.items():
        add_phone(demo, demo.people[first], digits, demo.start + timedelta(minutes=58), kind="voice")
    for first in ("Ana", "Tomas", "Kofi"):
        with doing(demo.people[first]):
            demo.tokens[first], _ = issue_token(
                owner=demo.people[first],
                label="Chat bot",
                scopes=["read", "respond"],
                expires_at=demo.end + timedelta(days=30),
                now=demo.start + timedelta(hours=1),
                reason="To answer from the team's chat",
            )


def join(demo: Demo, row: tuple[str, str, str, str, int | None], now: datetime) -> User:
    """One person is invited, joins, and confirms where they can be called."""
    name, role, team, zone, digits = row
    first = name.split()[0]
    mara = demo.people["Mara"]
    email = f"{first.lower()}@larkspur.example"
    with doing(mara):
        person, secret = invite(
            email=email, name=name, role=role, timezone=zone, team=demo.teams[team], by=mara, now=now
        )
    with doing(person, "invitation"):
        person = accept_invitation(secret=secret, name=name, password=PASSWORD, now=now + timedelta(minutes=1))
    demo.people[first] = person
    if digits is None or demo.size.mailed:
        confirm_all(demo, person, now)
    if digits is not None:
        add_phone(demo, person, digits, now)
    return person


def add_phone(demo: Demo, person: User, digits: int, now: datetime, kind: str = "phone") -> None:
    """A phone of the range kept for fiction, confirmed by its code. kind: `phone` for texts, `voice` for calls."""
    number = f"+4477009001{digits:02d}"
    if kind == "phone":
        demo.phones[str(person).split()[0]] = number
    with doing(person):
        add_contact(
            user=person, kind=kind, address=number, label="Mobile" if kind == "phone" else "By the bed", now=now
        )
    confirm_all(demo, person, now, kind=kind)


def confirm_all(demo: Demo, person: User, now: datetime, kind: str = "email") -> None:
    """Prove each contact of a kind that is not proved yet by the code that was made for it."""
    with doing(person):
        for contact in person.contact_methods.filter(kind=kind, verified_at__isnull=True, retired_at__isnull=True):
            verification = start_verification(contact, now=now)
            confirm_contact(contact, verification_code(verification), now=now + timedelta(minutes=1))


def changes(demo: Demo) -> None:
    """People move in a year: somebody new joins a second team, and a viewer begins to respond."""

    def helps_out(now: datetime) -> None:
        with doing(demo.people["Jonas"]):
            add_member(
                demo.teams["Carriers"], demo.people["Noor"], now=now, reason="Helps Carriers while Priya is away"
            )

    def learns(now: datetime) -> None:
        vera = demo.people["Vera"]
        vera.refresh_from_db()
        with doing(demo.people["Mara"]):
            change_role(
                vera, "responder", now=now, reason="Joins the rota after her training", expected_version=vera.version
            )

    demo.at(demo.ago(0.55, hour=9.5), helps_out)
    demo.at(demo.ago(0.31, hour=14.0), learns)


__all__ = ["ADMIN_EMAIL", "PASSWORD", "begin", "changes"]
