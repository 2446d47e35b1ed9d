"""What surrounds every page: the reader's zone and theme, the chrome, and fragments that answer only when they changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2s
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import Organisation, User
from incidents.models import Incident
from incidents.queries import worst_open
from ledger.clock import now as clock_now
from ledger.demo import is_demo

GetResponse = Callable[[HttpRequest], HttpResponse]
SECTIONS = (
    ("/", "Now"),
    ("/incidents/", "Incidents"),
    ("/monitors/", "Monitors"),
    ("/services/", "Services"),
    ("/schedules/", "On call"),
    ("/status-pages/", "Status pages"),
    ("/postmortems/", "Post-mortems"),
    ("/people/", "People"),
    ("/ledger/", "Ledger"),
)
# Pages that are reached from a section and have addresses of their own.
BELONGS = {
    "/monitors/": (
        "/monitoring/", "/rules/", "/certificates/", "/locations/", "/badges/", "/maintenance/", "/adjustments/", "/sealed-months/", "/retention/",
    ),
    "/services/": ("/systems/", "/agreements/"),
    "/people/": ("/teams/", "/memberships/"),
    "/status-pages/": ("/components/", "/updates/"),
    "/schedules/": ("/overrides/", "/swaps/", "/rotations/", "/policies/", "/routes/", "/catch-all/", "/exercises/", "/without/"),
}  # fmt: skip
THEMES = (("auto", "As the system"), ("light", "Light"), ("dark", "Dark"))
DIGEST_HEADER = "X-Watchbook-Digest"
SEEN_HEADER = "X-Watchbook-Seen"
# times.js keeps these true by itself, so a second more of age is no change
AGES = re.compile(rb"(<[^<>]* data-(?:age|since)\b[^>]*>)[^<]*")


class NavItem(NamedTuple):
    """One word of the main navigation."""

    href: str
    words: str
    current: bool


class Zone(NamedTuple):
    """The one zone of a page: its name, its city, and the clock of UTC beside it."""

    name: str
    city: str
    utc: str


def nav(path: str) -> list[NavItem]:
    """The sections, with the one `path` lies in marked as current."""
    return [NavItem(href, words, _lies_in(path, href)) for href, words in SECTIONS]


def _lies_in(path: str, href: str) -> bool:
    return path == href if href == "/" else path.startswith((href, *BELONGS.get(href, ())))


def city_of(zone_name: str) -> str:
    """`Berlin` for Europe/Berlin, `UTC` for UTC."""
    return zone_name.rsplit("/", 1)[-1].replace("_", " ")


@dataclass
class Chrome:
    """What base.html shows around a signed-in person's page; read only when a template asks."""

    path: str
    now: datetime
    themes = THEMES

    @property
    def version(self) -> str:
        """Of Watchbook."""
        return settings.VERSION

    @property
    def debug(self) -> bool:
        """Whether the style guide is there to be linked."""
        return settings.DEBUG

    @cached_property
    def nav(self) -> list[NavItem]:
        """The main navigation."""
        return nav(self.path)

    @cached_property
    def zone(self) -> Zone:
        """The zone the page prints."""
        name = timezone.get_current_timezone_name()
        return Zone(name, city_of(name), f"{self.now.astimezone(UTC):%H:%M}")

    @cached_property
    def worst(self) -> Incident | None:
        """The worst open incident, for the watchline."""
        return worst_open()

    @cached_property
    def organisation(self) -> Organisation:
        """Whose installation this is."""
        return Organisation.current()


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: now, and for a signed-in person theme, zone and chrome."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"demo": _demo, "theme": "auto", "zone_name": timezone.get_current_timezone_name()}
    now = clock_now()
    name = timezone.get_current_timezone_name()
    return {"demo": _demo, "now": now, "theme": user.theme, "zone_name": name, "chrome": Chrome(request.path, now)}


def _demo() -> bool:
    """Whether the page must say that it shows demo data; asked only by the templates that show it."""
    try:
        return is_demo()
    except DatabaseError:
        return False  # an error page must come out although the database is away


class ZoneMiddleware:
    """Prints times in the signed-in person's zone, and in UTC for everybody else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return self.get_response(request)
        with timezone.override(request.user.zone):
            return self.get_response(request)


class LiveMiddleware:
    """Answers 204 to a polled fragment whose text is what the reader already has.

    live.js sends the digest of the last answer. The page is still computed: what is saved is the swap,
    the reader's place and selection, and the bytes.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            request.method != "GET"
            or SEEN_HEADER not in request.headers
            or response.status_code != 200
            or response.streaming
        ):
            return response
        digest = blake2s(AGES.sub(rb"\1", response.content), digest_size=12).hexdigest()
        if request.headers[SEEN_HEADER] == digest:
            response = HttpResponse(status=204)
        response[DIGEST_HEADER] = digest
        response["Cache-Control"] = "no-store"
        return response
