"""The root of all addresses. Each app owns its own url module."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from config.views import docs, health, now, setup, styleguide, system, watchline

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_page, name="metrics"),
    path("api/v1/", include("config.api.urls")),
    path("", include("accounts.urls")),
    path("", include("monitors.urls")),
    path("", include("oncall.urls")),
    path("", include("incidents.urls")),
    path("", include("statuspage.urls")),
    path("", include("postmortems.urls")),
    path("", include("evidence.urls")),
    path("setup/<str:secret>/", setup.first_run, name="setup"),
    path("", now.show, name="now"),
    path("docs/", docs.index, name="docs"),
    path("docs/<slug:name>/", docs.page, name="doc"),
    path("docs/pictures/<str:name>", docs.picture, name="doc-picture"),
    path("watchline/", watchline.show, name="watchline"),
    path("system/", system.show, name="system"),
    path("system/dead-man/", system.name_dead_man, name="system_dead_man"),
    path("styleguide/", styleguide.show, name="styleguide"),
]

handler400 = "config.api.faults.bad_request"
handler403 = "config.api.faults.permission_denied"
handler404 = "config.api.faults.page_not_found"
handler500 = "config.api.faults.server_error"
