from django.apps import AppConfig
from django.db.models.signals import post_migrate

from waxell.lib import observing
from waxell.lib.db.rights import grant_rights


class LedgerConfig(AppConfig):
    """Entries in streams: written by SQL functions, read by everybody else."""

    name = "waxell.ledger"
    label = "ledger"
    verbose_name = "Ledger"

    # The application only reads; every write goes through a function.
    table_rights = {
        "ledger_checkpoint": "",
        "ledger_cosignature": "",
        "ledger_entry": "",
        "ledger_erasure": "",
        "ledger_key": "",
        "ledger_leaf": "",
        "ledger_log": "",
        "ledger_payload": "",
        "ledger_seal_queue": "",
        "ledger_sealer": "",
        "ledger_stream": "",
        "ledger_tile": "",
        "ledger_witness": "",
    }
    app_functions = ("ledger_stream_lock_v1", "ledger_stream_append_v1")
    # The sealer sees commitments and places, never an entry's text or a payload.
    sealer_tables = (
        "ledger_checkpoint",
        "ledger_cosignature",
        "ledger_key",
        "ledger_leaf",
        "ledger_log",
        "ledger_seal_queue",
        "ledger_sealer",
        "ledger_stream",
        "ledger_tile",
        "ledger_witness",
    )
    sealer_functions = (
        "ledger_seal_v1",
        "ledger_log_open_v1",
        "ledger_log_open_v2",
        "ledger_key_announce_v1",
        "ledger_published_v1",
        "ledger_sealer_report_v1",
        "ledger_cosign_v1",
        "ledger_cosignatures_published_v1",
        "ledger_witness_report_v1",
    )

    def ready(self) -> None:
        post_migrate.connect(grant_rights, sender=self)
        from waxell.ledger.queries import observations

        observing.register_check("sealing", observations.look_at_sealing)
        observing.register_check("witnesses", observations.look_at_witnesses)
        observing.register_gauges("sealing", observations.gauges)
        observing.register_gauges("witnesses", observations.witness_gauges)
