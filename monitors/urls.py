"""Addresses of monitors, services and systems."""

from django.urls import include, path

from monitors.views import add, changes, locations, maintenance, monitor, monitors, services, systems, window_changes

pages = [
    path("monitors/", monitors.monitors_page, name="monitors"),
    path("monitors/add/", add.paste, name="add"),
    path("monitors/add/check/", add.check, name="check"),
    path("monitors/add/allow/", add.allow, name="allow"),
    path("monitors/add/save/", add.save, name="save"),
    path("monitors/<str:public_id>/", monitor.monitor_page, name="monitor"),
    path("monitors/<str:public_id>/state/", monitor.state_fragment, name="state"),
    path("monitors/<str:public_id>/check/", monitor.check_now, name="check_now"),
    path("monitors/<str:public_id>/edit/", changes.edit, name="edit"),
    path("monitors/<str:public_id>/pause/", changes.pause, name="pause"),
    path("monitors/<str:public_id>/resume/", changes.resume, name="resume"),
    path("monitors/<str:public_id>/retire/", changes.retire, name="retire"),
    path("monitors/<str:public_id>/locations/", locations.monitor_locations, name="monitor_locations"),
    path("locations/", locations.locations_page, name="locations"),
    path("locations/new/", locations.new_location, name="new_location"),
    path("locations/<str:public_id>/", locations.location_page, name="location"),
    path("locations/<str:public_id>/edit/", locations.edit_location, name="edit_location"),
    path("locations/<str:public_id>/retire/", locations.retire, name="retire_location"),
    path("services/", services.services_page, name="services"),
    path("services/new/", services.new_service, name="new_service"),
    path("services/<str:public_id>/", services.service_page, name="service"),
    path("services/<str:public_id>/edit/", services.edit_service, name="edit_service"),
    path("services/<str:public_id>/retire/", services.retire, name="retire_service"),
    path("systems/", systems.systems_page, name="systems"),
    path("systems/new/", systems.new_system, name="new_system"),
    path("systems/<str:public_id>/", systems.system_page, name="system"),
    path("systems/<str:public_id>/edit/", systems.edit_system, name="edit_system"),
    path("systems/<str:public_id>/retire/", systems.retire, name="retire_system"),
    path("maintenance/", maintenance.maintenance_page, name="maintenance"),
    path("maintenance/new/", maintenance.new_window, name="new_window"),
    path("maintenance/times/<str:public_id>/extend/", window_changes.extend_time, name="extend_time"),
    path("maintenance/times/<str:public_id>/end/", window_changes.end_time, name="end_time"),
    path("maintenance/times/<str:public_id>/leave-out/", window_changes.leave_out, name="leave_out_time"),
    path("maintenance/<str:public_id>/", maintenance.window_page, name="window"),
    path("maintenance/<str:public_id>/edit/", maintenance.edit_window, name="edit_window"),
    path("maintenance/<str:public_id>/approve/", window_changes.approve, name="approve_window"),
    path("maintenance/<str:public_id>/announce/", window_changes.announce, name="announce_window"),
    path("maintenance/<str:public_id>/cancel/", window_changes.cancel, name="cancel_window"),
]

urlpatterns = [path("", include((pages, "monitors")))]
