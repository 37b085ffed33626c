"""Where the ledger is published: one interface, a directory or object storage behind it."""

from collections.abc import Iterable
from typing import Protocol

from django.conf import settings

from waxell.lib.errors import DomainError


class StoreUnreachable(DomainError):
    """The place where checkpoints are published cannot be reached."""

    code = "store_unreachable"
    status = 503


class Store(Protocol):
    """Keeps contents under names such as `logs/1/tile/0/000`. Every method may raise StoreUnreachable."""

    def read(self, name: str) -> bytes | None:
        """Return what is kept under `name`, None where nothing is."""

    def write(self, name: str, content: bytes) -> None:
        """Keep `content`, whole and durably, before returning; what was there before is replaced."""

    def remove(self, names: Iterable[str]) -> None:
        """Forget what is kept under `names`, which need not exist."""


def configured() -> Store:
    """Return the store that the settings name."""
    if settings.WAXELL_PUBLISH_URL:
        from waxell.ledger.services.stores.objects import ObjectStore

        return ObjectStore.at(settings.WAXELL_PUBLISH_URL)
    from waxell.ledger.services.stores.directory import DirectoryStore

    return DirectoryStore(path=settings.WAXELL_PUBLISH_DIR)
