"""`/api/v1/`: each app's nouns, the ledger, the document, and a 404 in the envelope for everything else."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from config.api import ledger
from config.api.document import Docs, Document, not_found

urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("monitors.api.urls")),
    path("", include("oncall.api.urls")),
    path("", include("incidents.api.urls")),
    path("", include("evidence.api.urls")),
    path("", include("statuspage.api.urls")),
    path("", include("postmortems.api.urls")),
    path("ledger/", ledger.Ledger.as_view()),
    path("ledger/<seq:seq>/", ledger.OneEntry.as_view()),
    path("schema/", Document.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    # whatever is left, line breaks included
    re_path("", csrf_exempt(login_not_required(not_found))),
]
