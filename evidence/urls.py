"""Addresses of the ledger's page, its files and its anchors."""

from django.urls import include, path

from evidence.views import anchors, ledger

pages = [
    path("ledger/", ledger.show, name="ledger"),
    path("ledger/seals/<str:day>/<str:ending>/", ledger.seal_file, name="seal_file"),
    path("ledger/keys/<str:fingerprint>/", ledger.key_file, name="key_file"),
    path("ledger/anchors/new/", anchors.new, name="new_anchor"),
    path("ledger/anchors/<str:public_id>/", anchors.change, name="anchor"),
    path("ledger/anchors/<str:public_id>/retire/", anchors.retire, name="retire_anchor"),
]

urlpatterns = [path("", include((pages, "evidence")))]
