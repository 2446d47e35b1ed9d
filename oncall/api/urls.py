"""Addresses of policies, the catch-all, runs and pages, and of what is sent to a contact method."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from oncall.api import paging, policies, reach
from oncall.models import CatchAll, Policy

urlpatterns = [
    path("policies/", policies.Policies.as_view()),
    path("policies/<pid:public_id>/", policies.OnePolicy.as_view()),
    path("policies/<pid:public_id>/simulation/", policies.Simulation.as_view()),
    path("policies/<pid:public_id>/retire/", policies.PolicyRetirement.as_view()),
    path("policies/<pid:public_id>/history/", history_of(Policy)),
    path("catch-all/", policies.TheCatchAll.as_view()),
    path("catch-all/<pid:public_id>/history/", history_of(CatchAll)),
    path("runs/", paging.Runs.as_view()),
    path("runs/<pid:public_id>/", paging.OneRun.as_view()),
    path("pages/", paging.Pages.as_view()),
    path("pages/<pid:public_id>/", paging.OnePage.as_view()),
    path("pages/<pid:public_id>/callbacks/", paging.Callbacks.as_view()),
    path("contact-methods/<pid:public_id>/verification/", paging.Verification.as_view()),
    path("people/<pid:public_id>/readiness/", reach.Readiness.as_view()),
    path("contact-methods/<pid:public_id>/test/", paging.TestPage.as_view()),
]
