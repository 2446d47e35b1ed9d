"""Addresses of status pages, components and public updates."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from statuspage.api import pages, updates
from statuspage.models import Component, StatusPage

urlpatterns = [
    path("status-pages/", pages.StatusPages.as_view()),
    path("status-pages/<pid:public_id>/", pages.OneStatusPage.as_view()),
    path("status-pages/<pid:public_id>/retire/", pages.StatusPageRetirement.as_view()),
    path("status-pages/<pid:public_id>/history/", history_of(StatusPage)),
    path("components/", pages.Components.as_view()),
    path("components/<pid:public_id>/", pages.OneComponent.as_view()),
    path("components/<pid:public_id>/retire/", pages.ComponentRetirement.as_view()),
    path("components/<pid:public_id>/history/", history_of(Component)),
    path("status-updates/", updates.StatusUpdates.as_view()),
    path("status-updates/<pid:public_id>/", updates.OneStatusUpdate.as_view()),
    path("status-updates/<pid:public_id>/corrections/", updates.Corrections.as_view()),
]
