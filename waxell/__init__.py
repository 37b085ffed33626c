"""The ground Waxell stands on: settings, the ledger, the library and the local run."""

from waxell.celery import app as celery_app

__all__ = ["celery_app"]
