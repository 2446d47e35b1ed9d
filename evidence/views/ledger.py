"""The page of the ledger, and what it offers to take away: seals, signatures, days and keys, as they are."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import can, require
from evidence.access import get_key, get_seal_of
from evidence.queries import sealed as reads
from evidence.views.seal_ruler import ruler_drawing, ruler_sentence
from ledger import seal_keys, seal_text
from ledger.clock import now
from ledger.models import Seal
from ledger.seals import lines_between

RULER_DAYS = 90
SEALS_A_PAGE = 30
PACKS_SHOWN = 20


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Where the record stands, its seals, who keeps them outside, and the packs that were made."""
    require(request.user, "read")
    return render(request, "evidence/ledger.html", _context(request))


@require_GET
def seal_file(request: HttpRequest, day: str, ending: str) -> HttpResponseBase:
    """A seal, its signature or the lines it closes, byte by byte as they were hashed and signed."""
    seal = get_seal_of(request.user, day)
    if ending not in ("seal", "sig", "jsonl"):
        raise Http404
    if ending == "jsonl":
        lines = lines_between(seal.first_seq, seal.last_seq)
        return _download(StreamingHttpResponse(f"{line}\n".encode() for line in lines), f"{day}.jsonl")
    data = seal.text.encode() if ending == "seal" else seal.signature_bytes
    return _download(HttpResponse(data), f"{day}.{ending}")


@require_GET
def key_file(request: HttpRequest, fingerprint: str) -> HttpResponseBase:
    """A public key that signed here."""
    return _download(HttpResponse(get_key(request.user, fingerprint).pem), f"{fingerprint}.pem")


def _context(request: HttpRequest) -> dict[str, Any]:
    instant = now()
    days = reads.ruler(now=instant, days=RULER_DAYS)
    page = Paginator(reads.seals(), SEALS_A_PAGE).get_page(request.GET.get("page"))
    anchors = reads.with_last_letters(list(reads.anchors()))
    sent = reads.left_the_machine(list(page.object_list))
    packs = list(reads.packs()[: PACKS_SHOWN + 1])
    return {
        "standing": reads.standing(now=instant),
        "ruler": ruler_drawing(days),
        "ruler_words": ruler_sentence(days),
        **_missing(days),
        "page": page,
        "rows": [(*_said(seal), seal.pk in sent) for seal in page],
        "anchors": anchors,
        "packs": packs[:PACKS_SHOWN],
        "more_packs": len(packs) > PACKS_SHOWN,
        "keys": list(reads.seal_keys()),
        "fingerprint": seal_keys.fingerprint(),
        "can_manage": can(request.user, "manage_organisation"),
    }


def _said(seal: Seal) -> tuple[Seal, dict[str, str], int]:
    """A seal, what its text says, and the longest silence in seconds."""
    said = seal_text.read(seal.text)
    silence = said.get("longest_gap_s", "")
    return seal, said, int(silence) if silence.isdigit() else 0


def _missing(days: list[reads.DayMark]) -> dict[str, list[date]]:
    """Days without a seal: `lost` before a sealed one, which nothing will fill any more, and `late` after the newest."""
    sealed = [mark.day for mark in days if mark.state in ("sealed", "quiet")]
    missing = [mark.day for mark in days if mark.state == "missing"]
    lost = [day for day in missing if sealed and day < sealed[-1]]
    return {"lost": lost, "late": [day for day in missing if day not in lost]}


def _download(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """Never shown in the browser and never guessed at: it is to be kept as it is."""
    response["Content-Type"] = "application/octet-stream"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
