"""Addresses of policies, schedules, the catch-all, runs and pages, and of what is sent to a contact method."""

from __future__ import annotations

from django.urls import path

from accounts.api.history import history_of
from oncall.api import calendars, contact_tests, exercises, layers, lived, overrides, paging, policies, reach, schedules
from oncall.api.hours import HoursReport
from oncall.models import CalendarFeed, Canary, CatchAll, LayerMembers, Override, Policy, Schedule, ScheduleLayer

urlpatterns = [
    path("policies/", policies.Policies.as_view()),
    path("policies/<pid:public_id>/", policies.OnePolicy.as_view()),
    path("policies/<pid:public_id>/simulation/", policies.Simulation.as_view()),
    path("policies/<pid:public_id>/readiness/", policies.PolicyReadiness.as_view()),
    path("policies/<pid:public_id>/retire/", policies.PolicyRetirement.as_view()),
    path("policies/<pid:public_id>/history/", history_of(Policy)),
    path("catch-all/", policies.TheCatchAll.as_view()),
    path("catch-all/<pid:public_id>/history/", history_of(CatchAll)),
    path("schedules/", schedules.Schedules.as_view()),
    path("schedules/<pid:public_id>/", schedules.OneSchedule.as_view()),
    path("schedules/<pid:public_id>/retire/", schedules.ScheduleRetirement.as_view()),
    path("schedules/<pid:public_id>/on-call/", schedules.WhoIsOnCall.as_view()),
    path("schedules/<pid:public_id>/shifts/", schedules.PlannedShifts.as_view()),
    path("schedules/<pid:public_id>/history/", history_of(Schedule)),
    path("schedule-layers/", layers.Layers.as_view()),
    path("schedule-layers/<pid:public_id>/", layers.OneLayer.as_view()),
    path("schedule-layers/<pid:public_id>/withdraw/", layers.LayerWithdrawal.as_view()),
    path("schedule-layers/<pid:public_id>/history/", history_of(ScheduleLayer)),
    path("layer-members/", layers.Lists.as_view()),
    path("layer-members/<pid:public_id>/", layers.OneList.as_view()),
    path("layer-members/<pid:public_id>/withdraw/", layers.ListWithdrawal.as_view()),
    path("layer-members/<pid:public_id>/history/", history_of(LayerMembers)),
    path("overrides/", overrides.Overrides.as_view()),
    path("overrides/<pid:public_id>/", overrides.OneOverride.as_view()),
    path("overrides/<pid:public_id>/end/", overrides.OverrideEnding.as_view()),
    path("overrides/<pid:public_id>/history/", history_of(Override)),
    path("calendar-feeds/", calendars.Feeds.as_view()),
    path("calendar-feeds/<pid:public_id>/", calendars.OneFeed.as_view()),
    path("calendar-feeds/<pid:public_id>/rotate/", calendars.FeedRotation.as_view()),
    path("calendar-feeds/<pid:public_id>/revoke/", calendars.FeedRevocation.as_view()),
    path("calendar-feeds/<pid:public_id>/history/", history_of(CalendarFeed)),
    path("on-call-intervals/", overrides.Intervals.as_view()),
    path("on-call-intervals/<pid:public_id>/", overrides.OneInterval.as_view()),
    path("schedules/<pid:public_id>/lived/", lived.LivedShifts.as_view()),
    path("schedules/<pid:public_id>/hours/", HoursReport.as_view()),
    path("on-call-corrections/", lived.Corrections.as_view()),
    path("on-call-corrections/<pid:public_id>/", lived.OneCorrection.as_view()),
    path("on-call-corrections/<pid:public_id>/approve/", lived.CorrectionApproval.as_view()),
    path("on-call-corrections/<pid:public_id>/refuse/", lived.CorrectionRefusal.as_view()),
    path("runs/", paging.Runs.as_view()),
    path("runs/<pid:public_id>/", paging.OneRun.as_view()),
    path("pages/", paging.Pages.as_view()),
    path("pages/<pid:public_id>/", paging.OnePage.as_view()),
    path("pages/<pid:public_id>/callbacks/", paging.Callbacks.as_view()),
    path("contact-methods/<pid:public_id>/verification/", paging.Verification.as_view()),
    path("contact-tests/", contact_tests.ContactTests.as_view()),
    path("contact-tests/<pid:public_id>/", contact_tests.OneContactTest.as_view()),
    path("canary/", exercises.TheCanary.as_view()),
    path("canary/send/", exercises.CanaryNow.as_view()),
    path("canary/<pid:public_id>/history/", history_of(Canary)),
    path("exercises/", exercises.Exercises.as_view()),
    path("exercises/<pid:public_id>/", exercises.OneExercise.as_view()),
    path("exercises/<pid:public_id>/end/", exercises.ExerciseEnding.as_view()),
    path("people/<pid:public_id>/readiness/", reach.Readiness.as_view()),
    path("contact-methods/<pid:public_id>/test/", paging.TestPage.as_view()),
]
