"""The WSGI application that granian serves."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.patience import bound_answers
from config.signs import give_signs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
bound_answers(settings.DATABASE_ANSWER_S)
give_signs("web")
