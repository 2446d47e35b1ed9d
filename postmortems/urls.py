"""Addresses of post-mortems and action items."""

from django.urls import include, path

from postmortems.views import actions, document, documents, review

pages = [
    path("incidents/<str:number>/post-mortem/", documents.of_incident, name="of_incident"),
    path("postmortems/", documents.index, name="postmortems"),
    path("postmortems/action-items/", actions.index, name="actions"),
    path("postmortems/action-items/<str:number>/", actions.show, name="action"),
    path("postmortems/action-items/<str:number>/done/", actions.finish, name="finish"),
    path("postmortems/action-items/<str:number>/verify/", actions.verify, name="verify"),
    path("postmortems/action-items/<str:number>/reopen/", actions.reopen, name="reopen"),
    path("postmortems/action-items/<str:number>/drop/", actions.drop, name="drop"),
    path("postmortems/<str:number>/", document.show, name="postmortem"),
    path("postmortems/<str:number>/cause/", document.classify_it, name="classify"),
    path("postmortems/<str:number>/submit/", review.submit, name="submit"),
    path("postmortems/<str:number>/send-back/", review.send_back, name="send_back"),
    path("postmortems/<str:number>/publish/", review.publish, name="publish"),
    path("postmortems/<str:number>/correct/", review.correct, name="correct"),
    path("postmortems/<str:number>/action-items/", actions.promise, name="promise"),
    path("postmortems/<str:number>/sections/<str:section>/", document.edit_section, name="section"),
    path("postmortems/<str:number>/sections/<str:section>/preview/", document.preview, name="preview"),
    path("postmortems/<str:number>/versions/<str:public_id>/", document.version, name="version"),
    path("postmortems/<str:number>/revisions/<int:revision>/", document.revision, name="revision"),
]

urlpatterns = [path("", include((pages, "postmortems")))]
