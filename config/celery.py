"""The Celery application. Tasks carry hints; what is due is a row in the database."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("watchbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
