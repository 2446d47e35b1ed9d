"""Addresses of schedules, rotations and overrides, for the table of `test_pages_by_role`."""

from tests.pages.roles import ADMINS, ALL, EDITORS, NOBODY, RESPONDERS, saying

GET = {
    "schedules/": ALL,
    "schedules/new/": EDITORS,
    "schedules/cover/": ALL,
    "schedules/{schedule}/": ALL,
    "schedules/{schedule}/hours/": ALL,
    "schedules/{schedule}/hours.csv": ALL,
    "schedules/{schedule}/edit/": EDITORS,
    "schedules/{other_schedule}/edit/": ADMINS,
    "schedules/{schedule}/rotations/new/": EDITORS,
    "rotations/{rotation}/": EDITORS,
    "rotations/{rotation}/end/": EDITORS,
    "rotations/{other_rotation}/": ADMINS,
    "rotations/lists/{members}/withdraw/": EDITORS,
    "schedules/{schedule}/override/": EDITORS,
    "schedules/{other_schedule}/override/": ADMINS,
    "schedules/{schedule}/take/?role=primary&start=2099-01-05T09:00:00Z&end=2099-01-12T09:00:00Z": RESPONDERS,
    "overrides/{override}/end/": EDITORS,
    "overrides/{other_override}/end/": ADMINS,
    "schedules/sch_none/": NOBODY,
}

POST = {
    "schedules/new/": saying(EDITORS, ok=422),
    "schedules/{schedule}/edit/": saying(EDITORS, ok=422),
    "schedules/{schedule}/retire/": saying(EDITORS, ok=422),
    "schedules/{schedule}/rotations/new/": EDITORS,
    "rotations/{rotation}/": EDITORS,
    "rotations/{rotation}/end/": saying(EDITORS, ok=422),
    "rotations/lists/{members}/withdraw/": saying(EDITORS, ok=422),
    "schedules/{schedule}/override/": saying(EDITORS, ok=422),
    "schedules/{schedule}/take/": saying(RESPONDERS, ok=422),
    "overrides/{override}/end/": saying(EDITORS, ok=422),
}
