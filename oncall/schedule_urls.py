"""Addresses of schedules, their rotations and overrides."""

from django.urls import path

from oncall.views import hours, overrides, rotations, schedule_settings, schedules

pages = [
    path("schedules/", schedules.schedules_page, name="schedules"),
    path("schedules/cover/", hours.cover_page, name="cover"),
    path("schedules/new/", schedule_settings.new_schedule, name="new_schedule"),
    path("schedules/<str:public_id>/", schedules.schedule_page, name="schedule"),
    path("schedules/<str:public_id>/edit/", schedule_settings.edit_schedule, name="edit_schedule"),
    path("schedules/<str:public_id>/retire/", schedule_settings.retire, name="retire_schedule"),
    path("schedules/<str:public_id>/hours/", hours.hours_page, name="hours"),
    path("schedules/<str:public_id>/hours.csv", hours.hours_file, name="hours_file"),
    path("schedules/<str:public_id>/override/", overrides.override_schedule, name="override_schedule"),
    path("schedules/<str:public_id>/take/", overrides.take_shift, name="take_shift"),
    path("schedules/<str:public_id>/rotations/new/", rotations.new_rotation, name="new_rotation"),
    path("rotations/<str:public_id>/", rotations.change_rotation, name="edit_rotation"),
    path("rotations/<str:public_id>/end/", rotations.end_rotation_page, name="end_rotation"),
    path("rotations/lists/<str:public_id>/withdraw/", rotations.withdraw_list, name="withdraw_list"),
    path("overrides/<str:public_id>/end/", overrides.end_page, name="end_override"),
]
