"""Addresses of post-mortems and action items."""

from __future__ import annotations

from django.urls import path

from postmortems.api import actions, documents

urlpatterns = [
    path("post-mortems/", documents.PostMortems.as_view()),
    path("post-mortems/<pm:number>/", documents.OnePostMortem.as_view()),
    path("post-mortems/<pm:number>/sections/<slug:section>/", documents.OneSection.as_view()),
    path("post-mortems/<pm:number>/texts/", documents.SavedTexts.as_view()),
    path("post-mortems/<pm:number>/publications/", documents.Publications.as_view()),
    path("post-mortems/<pm:number>/submit/", documents.Submission.as_view()),
    path("post-mortems/<pm:number>/send-back/", documents.SendingBack.as_view()),
    path("post-mortems/<pm:number>/correct/", documents.Correction.as_view()),
    path("post-mortems/<pm:number>/history/", documents.PostMortemHistory.as_view()),
    path("action-items/", actions.ActionItems.as_view()),
    path("action-items/<act:number>/", actions.OneActionItem.as_view()),
    path("action-items/<act:number>/done/", actions.Finish.as_view()),
    path("action-items/<act:number>/verify/", actions.Verification.as_view()),
    path("action-items/<act:number>/reopen/", actions.Reopening.as_view()),
    path("action-items/<act:number>/drop/", actions.Drop.as_view()),
    path("action-items/<act:number>/history/", actions.ActionHistory.as_view()),
]
