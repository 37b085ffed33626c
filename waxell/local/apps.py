from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class LocalConfig(AppConfig):
    """`manage.py up`: everything Waxell needs, on one machine, without installing a service."""

    name = "waxell.local"
    label = "local"
    verbose_name = "Local running"

    def ready(self) -> None:
        from waxell.lib.db import grants

        # The sender makes each run once a `migrate`, not once an app.
        pre_migrate.connect(grants.prepare_schema, sender=self)
        post_migrate.connect(grants.protect_history, sender=self)
