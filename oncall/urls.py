"""Addresses of on-call pages."""

from django.urls import include, path

from oncall.schedule_urls import pages as schedule_pages
from oncall.views import (
    absences,
    calendar,
    calendars,
    catch_all,
    contact_tests,
    contacts,
    exercises,
    policies,
    reach,
    swaps,
)

pages = [
    *schedule_pages,
    path("policies/", policies.policies_page, name="policies"),
    path("policies/new/", policies.new_policy, name="new_policy"),
    path("policies/<str:public_id>/", policies.policy_page, name="policy"),
    path("policies/<str:public_id>/edit/", policies.edit_policy, name="edit_policy"),
    path("policies/<str:public_id>/retire/", policies.retire, name="retire_policy"),
    path("people/<str:public_id>/policies/", policies.policies_of_person, name="policies_of_person"),
    path("people/<str:public_id>/tests/", contact_tests.tests, name="tests"),
    path("people/<str:public_id>/tests/ask/", contact_tests.ask, name="ask_for_test"),
    path("people/<str:public_id>/reach/", reach.reach_page, name="reach"),
    path("people/<str:public_id>/reach/<str:urgency>/", reach.edit_rules, name="edit_rules"),
    path("people/<str:public_id>/reach/<str:urgency>/drop/", reach.drop, name="drop_rules"),
    path("people/<str:public_id>/calendars/", calendars.calendars_page, name="calendars"),
    path("people/<str:public_id>/absences/", absences.of_person, name="absences"),
    path("schedules/<str:public_id>/swaps/", absences.part_of_schedule, name="schedule_swaps"),
    path("schedules/<str:public_id>/holidays/", absences.of_schedule, name="holidays"),
    path("absences/<str:public_id>/withdraw/", absences.withdraw, name="withdraw_absences"),
    path("swaps/", swaps.swaps_page, name="swaps"),
    path("swaps/new/", swaps.new_swap, name="new_swap"),
    path("swaps/<str:public_id>/", swaps.swap_page, name="swap"),
    path("swaps/<str:public_id>/<str:verb>/", swaps.act, name="swap_act"),
    path("calendars/<str:public_id>/rotate/", calendars.rotate, name="rotate_calendar"),
    path("calendars/<str:public_id>/revoke/", calendars.revoke, name="revoke_calendar"),
    path("calendar/<str:secret>.ics", calendar.feed, name="calendar"),
    path("policies/<str:public_id>/drill/", exercises.drill, name="drill"),
    path("exercises/", exercises.exercises_page, name="exercises"),
    path("exercises/canary/", exercises.canary_page, name="canary"),
    path("exercises/canary/send/", exercises.send, name="send_canary"),
    path("exercises/<str:public_id>/", exercises.exercise_page, name="exercise"),
    path("exercises/<str:public_id>/end/", exercises.end, name="end_exercise"),
    path("catch-all/", catch_all.catch_all_page, name="catch_all"),
    path("me/contacts/add/", contacts.add, name="add_contact"),
    path("me/contacts/<str:public_id>/", contacts.confirm, name="confirm_contact"),
    path("me/contacts/<str:public_id>/code/", contacts.send_code, name="send_code"),
    path("me/contacts/<str:public_id>/secret/", contacts.new_secret, name="new_secret"),
    path("me/contacts/<str:public_id>/test/", contacts.test, name="test_contact"),
]

urlpatterns = [path("", include((pages, "oncall")))]
