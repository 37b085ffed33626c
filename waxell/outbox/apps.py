from django.apps import AppConfig
from django.db.models.signals import post_migrate

from waxell.lib import observing
from waxell.lib.db.rights import EVERYTHING, grant_rights


class OutboxConfig(AppConfig):
    """What leaves the house: messages about what the ledger says, to destinations that people chose."""

    name = "waxell.outbox"
    label = "outbox"
    verbose_name = "Outbox"

    # No evidence: the ledger has what happened, and this only tells of it.
    table_rights = {
        "outbox_cursor": "INSERT, UPDATE",
        "outbox_destination": EVERYTHING,
        "outbox_message": EVERYTHING,
    }

    def ready(self) -> None:
        post_migrate.connect(grant_rights, sender=self)
        from waxell.outbox.queries import observations

        observing.register_check("outbox", observations.look_at_outbox)
        observing.register_gauges("outbox", observations.gauges)
