"""The list of monitors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import can, require
from accounts.models import Organisation
from ledger.clock import now
from monitors.overview import STATES, Filter, counts, monitors_in_force, narrowed, rows, with_days

PAGE = 40


def monitors_page(request: HttpRequest) -> HttpResponse:
    """What is wrong first; filters are a plain GET form."""
    require(request.user, "read")
    instant = now()
    wanted = _wanted(request)
    everything = rows(monitors_in_force(), now=instant)
    found = narrowed(everything, wanted)
    first = max(0, _page_number(request) - 1) * PAGE
    context = {
        "rows": with_days(found[first : first + PAGE], now=instant, zone=Organisation.current().zone),
        "found": len(found),
        "first": first + 1,
        "last": min(first + PAGE, len(found)),
        "next": _page_number(request) + 1 if first + PAGE < len(found) else None,
        "previous": _page_number(request) - 1 if first else None,
        "total": len(everything),
        "counts": counts(everything),
        "services": sorted(
            {(row.monitor.service.public_id, row.monitor.service.name) for row in everything}, key=_name
        ),
        "wanted": wanted,
        "now": instant,
        "can_add": can(request.user, "edit"),
    }
    return render(request, "monitors/monitors.html", context)


def _wanted(request: HttpRequest) -> Filter:
    """The filter out of the address; what it does not know it leaves out."""
    states = tuple(state for state in request.GET.getlist("state") if state in STATES)
    return Filter(request.GET.get("q", "").strip()[:200], request.GET.get("service", ""), states)


def _name(pair: tuple[str, str]) -> str:
    return pair[1].casefold()


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return min(10_000, max(1, int(text))) if text.isdigit() else 1
