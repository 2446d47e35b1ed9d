"""The register of certificates: those in use, and one with its chain and what it replaced."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import require
from ledger.clock import now
from monitors.access import get_certificate
from monitors.models import Certificate
from monitors.registers import certificates_in_use, chain_of, renewals_of, shown

PER_PAGE = 50


def certificates_page(request: HttpRequest) -> HttpResponse:
    """What ends first is in front."""
    require(request.user, "read")
    instant = now()
    page = Paginator(certificates_in_use(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": shown(page.object_list, instant), "now": instant}
    return render(request, "monitors/certificates.html", context)


def certificate_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """What it says, what it rests on, and every one the same host and port showed before and after."""
    certificate: Certificate = get_certificate(request.user, public_id)
    instant = now()
    context = {
        "certificate": certificate,
        "row": shown([certificate], instant)[0],
        "chain": shown(chain_of(certificate), instant),
        "renewals": renewals_of(certificate),
        "now": instant,
    }
    return render(request, "monitors/certificate.html", context)
