from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "waxell.ledger"
    label = "ledger"
    verbose_name = "Ledger"
