"""The Celery application. Celery only rings doorbells: what there is to do stands in PostgreSQL."""

import os
from pathlib import Path
from signal import SIGKILL
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_ready

from waxell.local.lowering import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waxell.settings")

app = Celery("waxell")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def die_with_worker(**signal: Any) -> None:
    """A pool process must not go on with a task whose master was killed: its lease will pass to another."""
    die_with_parent(SIGKILL)


@worker_ready.connect
def say_ready(**signal: Any) -> None:
    """Leave a mark for `manage.py up`, and for any probe that names a file: a worker listens on no port."""
    if mark := os.environ.get("WAXELL_READY_FILE"):
        Path(mark).touch(mode=0o600)
