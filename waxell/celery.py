"""The Celery application. Celery only rings doorbells: what there is to do stands in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waxell.settings")

app = Celery("waxell")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
