"""The witnesses that the settings name, and how one of them is asked (C2SP tlog-witness)."""

import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from waxell.ledger.domain import witnessing
from waxell.ledger.domain.cosignatures import CosignerKey
from waxell.ledger.domain.notes import MalformedKey
from waxell.ledger.domain.witnessing import Submission
from waxell.lib.errors import DomainError

SECONDS: Final = 5.0
"""For one request, from the first byte to the last."""

MAX_ANSWER: Final = 64 * 1024


class WitnessUnreachable(DomainError):
    """A witness cannot be reached."""

    code = "witness_unreachable"
    status = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a witness said: an HTTP status and a text."""

    status: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Somebody elsewhere who cosigns. `url` is the prefix below which it answers."""

    url: SplitResult
    key: CosignerKey

    def submit(self, submission: Submission) -> Answer:
        """Ask for a cosignature. Raises WitnessUnreachable."""
        return self._exchange("POST", "/add-checkpoint", str(submission).encode())

    def held(self, origin: str) -> str | None:
        """Return the newest note that it cosigned of a log, None where it has none. Raises WitnessUnreachable."""
        answer = self._exchange("GET", f"/{witnessing.hash_origin(origin)}/checkpoint")
        return answer.text if answer.status == 200 else None

    def _exchange(self, method: str, path: str, body: bytes | None = None) -> Answer:
        until = time.monotonic() + SECONDS
        kind = HTTPSConnection if self.url.scheme == "https" else HTTPConnection
        connection = kind(self.url.hostname or "", self.url.port, timeout=SECONDS)
        try:
            connection.request(method, self.url.path.rstrip("/") + path, body)
            response = connection.getresponse()
            return Answer(status=response.status, text=_read(response, until).decode())
        except (OSError, HTTPException, UnicodeError) as error:
            raise WitnessUnreachable(f"{self.key.name}: {error or type(error).__name__}") from error
        finally:
            connection.close()


def configured() -> tuple[Witness, ...]:
    """Return the witnesses of WAXELL_WITNESSES. Raises ImproperlyConfigured."""
    return tuple(map(parse, settings.WAXELL_WITNESSES))


def parse(text: str) -> Witness:
    """Read `URL KEY`. Raises ImproperlyConfigured."""
    url, _, key = text.partition(" ")
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ImproperlyConfigured(f"WAXELL_WITNESSES: {url!r} is no URL that a witness answers below.")
        return Witness(url=parts, key=CosignerKey.parse(key.strip()))
    except MalformedKey as error:
        raise ImproperlyConfigured(f"WAXELL_WITNESSES: the key of {url}: {error}") from error


def _read(response: HTTPResponse, until: float) -> bytes:
    """Read an answer that is neither endless nor dripping. Raises OSError."""
    content = b""
    while piece := response.read1(8192):
        content += piece
        if len(content) > MAX_ANSWER or time.monotonic() > until:
            raise OSError("the answer is too long or too slow")
    return content
