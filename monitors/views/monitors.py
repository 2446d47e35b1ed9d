"""The list of monitors, and the same list as a file."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import can, require
from accounts.models import Organisation
from ledger.clock import now
from monitors.kinds import KINDS
from monitors.listing import GROUPS, Filter, as_csv, as_json, counts, grouped, narrowed, page_of, tags_in
from monitors.overview import STATES, Row, monitors_in_force, rows, with_days

PAGE = 40


@require_safe
def monitors_page(request: HttpRequest) -> HttpResponse:
    """What is wrong first; filters are a plain GET form."""
    require(request.user, "read")
    instant = now()
    wanted = _wanted(request)
    everything = rows(monitors_in_force(), now=instant)
    groups = grouped(narrowed(everything, wanted), wanted.by)
    found = sum(len(group.rows) for group in groups)
    first = max(0, _page_number(request) - 1) * PAGE
    shown = page_of(groups, first, PAGE)
    days = with_days([row for group in shown for row in group.rows], now=instant, zone=Organisation.current().zone)
    drawn = {row.monitor.pk: row for row in days}
    context = {
        "groups": [(group, [drawn[row.monitor.pk] for row in group.rows]) for group in shown],
        "found": found,
        "first": first + 1,
        "last": min(first + PAGE, found),
        "next": _page_number(request) + 1 if first + PAGE < found else None,
        "previous": _page_number(request) - 1 if first else None,
        "total": len(everything),
        "counts": counts(everything),
        **_choices(everything),
        "wanted": wanted,
        "now": instant,
        "can_add": can(request.user, "edit"),
    }
    return render(request, "monitors/monitors.html", context)


@require_safe
def csv_file(request: HttpRequest) -> HttpResponse:
    """The rows the filter leaves, as CSV."""
    return _file(request, "csv")


@require_safe
def json_file(request: HttpRequest) -> HttpResponse:
    """The rows the filter leaves, as JSON."""
    return _file(request, "json")


def _file(request: HttpRequest, form: str) -> HttpResponse:
    require(request.user, "read")
    instant, wanted = now(), _wanted(request)
    found = narrowed(rows(monitors_in_force(), now=instant), wanted)
    if form == "csv":
        answer = HttpResponse("".join(as_csv(found, now=instant)), content_type="text/csv; charset=utf-8")
    else:
        answer = HttpResponse(as_json(found, now=instant), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="monitors.{form}"'
    return answer


def _choices(everything: list[Row]) -> dict[str, object]:
    """What the filter offers: only what occurs."""
    services = {(row.monitor.service.public_id, row.monitor.service.name) for row in everything}
    kinds = {row.monitor.kind for row in everything}
    return {
        "services": sorted(services, key=lambda pair: pair[1].casefold()),
        "kinds": [(kind.name, kind.label) for kind in KINDS.values() if kind.name in kinds],
        "tags": tags_in(everything),
        "ways": GROUPS.items(),
    }


def _wanted(request: HttpRequest) -> Filter:
    """The filter out of the address; what it does not know it leaves out."""
    given = request.GET
    return Filter(
        text=given.get("q", "").strip()[:200],
        service=given.get("service", "")[:60],
        states=tuple(state for state in STATES if state in given.getlist("state")),
        tag=given.get("tag", "").strip().lower()[:60],
        kind=given.get("kind", "") if given.get("kind", "") in KINDS else "",
        by=given.get("by", "") if given.get("by", "") in GROUPS else "",
    )


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return min(10_000, max(1, int(text))) if text.isdecimal() else 1
