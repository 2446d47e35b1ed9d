"""Addresses of status pages: those of customers, never to be moved, and those of members."""

from django.urls import include, path

from statuspage.views import components, pages, public, updates

members = [
    path("status-pages/", pages.index, name="pages"),
    path("status-pages/new/", pages.new, name="new_page"),
    path("status-pages/<str:public_id>/", pages.show, name="page"),
    path("status-pages/<str:public_id>/edit/", pages.edit, name="edit_page"),
    path("status-pages/<str:public_id>/retire/", pages.retire, name="retire_page"),
    path("status-pages/<str:public_id>/preview/", pages.preview, name="preview"),
    path("status-pages/<str:public_id>/components/new/", components.new, name="new_component"),
    path("components/<str:public_id>/", components.edit, name="component"),
    path("components/<str:public_id>/retire/", components.retire, name="retire_component"),
    path("incidents/<str:number>/updates/", updates.of_incident, name="updates"),
    path("updates/<str:public_id>/correct/", updates.correct, name="correct"),
]

urlpatterns = [
    path("status/<slug:slug>/", public.page, name="status_page"),
    path("status/<slug:slug>/summary.json", public.summary, name="status_summary"),
    path("", include((members, "statuspage"))),
]
