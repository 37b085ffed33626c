from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate


class LocalConfig(AppConfig):
    """`manage.py up`: everything Waxell needs, on one machine, without installing a service."""

    name = "waxell.local"
    label = "local"
    verbose_name = "Local running"

    def ready(self) -> None:
        from waxell.lib.db import grants

        # Each runs once a `migrate`, not once an app; Django sends neither signal for an app without models.
        sender = apps.get_app_config("contenttypes")
        pre_migrate.connect(grants.prepare_schema, sender=sender)
        post_migrate.connect(grants.protect_history, sender=sender)
