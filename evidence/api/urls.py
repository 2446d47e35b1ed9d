"""Addresses of the auditor's findings and of the dead-man."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from evidence.api import deadman, selfchecks
from evidence.models import DeadMan

urlpatterns = [
    path("self-checks/", selfchecks.Findings.as_view()),
    path("self-checks/hours/", selfchecks.Hours.as_view()),
    path("self-checks/<pid:public_id>/", selfchecks.OneFinding.as_view()),
    path("dead-man/", deadman.TheDeadMan.as_view()),
    path("dead-man/<pid:public_id>/history/", history_of(DeadMan)),
]
