from django.apps import AppConfig


class LocalConfig(AppConfig):
    """`manage.py up`: everything Waxell needs, on one machine, without installing a service."""

    name = "waxell.local"
    label = "local"
    verbose_name = "Local running"
