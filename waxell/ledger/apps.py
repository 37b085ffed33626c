from django.apps import AppConfig
from django.db.models.signals import post_migrate

from waxell.lib.db.rights import grant_rights


class LedgerConfig(AppConfig):
    """Entries in streams: written by SQL functions, read by everybody else."""

    name = "waxell.ledger"
    label = "ledger"
    verbose_name = "Ledger"

    # The application only reads; every write goes through a function.
    table_rights = {
        "ledger_entry": "",
        "ledger_payload": "",
        "ledger_seal_queue": "",
        "ledger_stream": "",
    }
    app_functions = ("ledger_stream_lock_v1", "ledger_stream_append_v1")

    def ready(self) -> None:
        post_migrate.connect(grant_rights, sender=self)
