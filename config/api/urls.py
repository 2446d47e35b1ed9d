"""`/api/v1/`: each app's nouns, the ledger, the document, and a 404 in the envelope for everything else."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from config.api.document import Docs, Document, not_found

APPS = ("accounts", "monitors", "oncall", "incidents")

urlpatterns = [
    *[path("", include(f"{app}.api.urls")) for app in APPS if find_spec(f"{app}.api")],
    path("schema/", Document.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    re_path(r"^(?P<rest>.*)$", csrf_exempt(login_not_required(not_found))),
]
