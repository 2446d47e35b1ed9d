"""Addresses of seals, anchors and packs, of the auditor's findings and of the dead-man."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from evidence.api import anchors, clocks, deadman, packs, seals, selfchecks
from evidence.models import Anchor, DeadMan

urlpatterns = [
    path("seals/", seals.Seals.as_view()),
    path("seals/<pid:public_id>/", seals.OneSeal.as_view()),
    path("seal-keys/", seals.SealKeys.as_view()),
    path("anchors/", anchors.Anchors.as_view()),
    path("anchors/<pid:public_id>/", anchors.OneAnchor.as_view()),
    path("anchors/<pid:public_id>/retire/", anchors.AnchorRetirement.as_view()),
    path("anchors/<pid:public_id>/history/", history_of(Anchor)),
    path("packs/", packs.Packs.as_view()),
    path("packs/<pid:public_id>/", packs.OnePack.as_view()),
    path("self-checks/", selfchecks.Findings.as_view()),
    path("self-checks/hours/", selfchecks.Hours.as_view()),
    path("self-checks/<pid:public_id>/", selfchecks.OneFinding.as_view()),
    path("clock-readings/", clocks.ClockReadings.as_view()),
    path("dead-man/", deadman.TheDeadMan.as_view()),
    path("dead-man/<pid:public_id>/history/", history_of(DeadMan)),
]
