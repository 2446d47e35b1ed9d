"""Addresses of the ledger's page, its files and its anchors."""

from django.urls import include, path, re_path

from evidence.views import anchors, ledger

pages = [
    path("ledger/", ledger.show, name="ledger"),
    re_path(
        r"^ledger/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})\.(?P<ending>seal|sig|jsonl)$", ledger.seal_file, name="seal_file"
    ),
    re_path(r"^ledger/keys/(?P<fingerprint>[0-9a-f]{64})\.pem$", ledger.key_file, name="key_file"),
    path("ledger/anchors/new/", anchors.new, name="new_anchor"),
    path("ledger/anchors/<str:public_id>/", anchors.change, name="anchor"),
    path("ledger/anchors/<str:public_id>/retire/", anchors.retire, name="retire_anchor"),
]

urlpatterns = [path("", include((pages, "evidence")))]
