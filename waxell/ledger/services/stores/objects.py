"""Publishing to object storage: S3 and what speaks like it, Google's and Azure's. Needs the extra `object-store`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from waxell.ledger.services.stores import StoreUnreachable

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Bucket
    from obstore.store import RetryConfig

TIMEOUT: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """Each name is an object; a PUT is whole or not at all. Credentials come from the environment as usual."""

    bucket: "Bucket"

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the store at `s3://bucket/prefix`, `gs://…` or `az://…`. Raises StoreUnreachable."""
        try:
            from obstore.store import from_url
        except ImportError as error:
            raise StoreUnreachable(
                "WAXELL_PUBLISH_URL needs the package obstore: install waxell[object-store]."
            ) from error
        with _reached():
            # The sealer asks again by itself, and says meanwhile that it cannot.
            retries: RetryConfig = {"max_retries": 2, "retry_timeout": TIMEOUT}
            return cls(bucket=from_url(url, client_options={"timeout": TIMEOUT}, retry_config=retries))

    def read(self, name: str) -> bytes | None:
        import obstore

        with _reached():
            try:
                return bytes(obstore.get(self.bucket, name).bytes())
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        import obstore

        with _reached():
            obstore.put(self.bucket, name, content, use_multipart=False)

    def remove(self, names: Iterable[str]) -> None:
        import obstore

        with _reached():
            for name in names:
                try:
                    obstore.delete(self.bucket, name)
                except FileNotFoundError:
                    continue


@contextmanager
def _reached() -> Iterator[None]:
    """Turn whatever the library raises, which has no one ancestor of its own, into StoreUnreachable."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise StoreUnreachable(str(error).partition("\n")[0]) from error
