"""Letters about somebody's own shifts: hand-offs and swaps, and the pages that carried them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import ChoiceOf, Filters, IdFilter, InstantFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation
from ledger.texts import REMOVED, read_many
from oncall.access import all_notices, get_notice
from oncall.models import Notice, Page
from oncall.notify.states import LETTERS


class NoticeOut(serializers.Serializer):
    """One letter to one person on one occasion. It only grows; what became of its pages is told by `pages/`."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=list(LETTERS))
    person = PersonRef()
    schedule = serializers.CharField(source="schedule.public_id")
    about = serializers.CharField(help_text="Public id of the swap or of the interval; empty for none.")
    subject = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField()
    made_at = Instant()
    pages = serializers.SerializerMethodField()

    def get_subject(self, row: Notice) -> str:
        """As it was written."""
        return self.context["view"].texts.get(row.subject_sha256, REMOVED)

    def get_body(self, row: Notice) -> str:
        """As it was written."""
        return self.context["view"].texts.get(row.body_sha256, REMOVED)

    def get_pages(self, row: Notice) -> list[str]:
        """Public ids; none if the person had no confirmed e-mail address."""
        found: list[str] = self.context["view"].pages.get(row.public_id, [])
        return found


class NoticeFilters(Filters):
    """Filters of notices."""

    person = IdFilter("person", label="Public id of a person.")
    schedule = IdFilter("schedule", label="Public id of a schedule.")
    kind = ChoiceOf(choices=list(LETTERS))
    made_from = InstantFilter(field_name="made_at", lookup_expr="gte", label="Made at or after this instant.")


class NoticeView(ApiView):
    """Reads words and pages of the notices it gives, with one query each."""

    texts: dict[str, str]
    pages: dict[str, list[str]]

    def prepare(self, rows: list[Any]) -> None:
        """Read them."""
        self.texts = read_many({sha for row in rows for sha in (row.subject_sha256, row.body_sha256)})
        self.pages = {}
        carried = Page.objects.filter(origin__in=LETTERS, reference__in=[row.public_id for row in rows]).order_by("pk")
        for notice, page in carried.values_list("reference", "public_id"):
            self.pages.setdefault(notice, []).append(page)


class Notices(NoticeView):
    """Notices."""

    filterset_class = NoticeFilters

    @operation("List notices about shifts", verb="read", gives=NoticeOut, many=True)
    def get(self, request: Request) -> QuerySet[Notice]:
        """Oldest first."""
        return all_notices(self.person)


class OneNotice(NoticeView):
    """One notice."""

    @operation("Read a notice about a shift", verb="read", gives=NoticeOut)
    def get(self, request: Request, public_id: str) -> Notice:
        """With its words."""
        notice = get_notice(self.person, public_id)
        self.prepare([notice])
        return notice
