"""The ledger over REST, for auditors: checkpoints, tiles, keys and proofs, as C2SP writes them.

Tiles and checkpoints show how many entries the installation has, and nothing else of any project.
"""

from typing import Final
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from governance.access import Permission
from governance.api.outputs import Problem
from governance.api.views import GovernedView
from waxell.ledger.domain import tiles as geometry
from waxell.ledger.models import Checkpoint, Entry
from waxell.ledger.queries import checkpoints, cosignatures, proofs, tiles
from waxell.lib.errors import NotFound

TAG: Final = ["Ledger"]
TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
# What is behind a key is for whoever has it: no shared cache may keep it.
CHANGING: Final = "private, no-cache"
IMMUTABLE: Final = "private, max-age=31536000, immutable"
_PROBLEM: Final = OpenApiResponse(Problem, description="Refused.")
_REFUSALS: Final = {(status, "application/problem+json"): _PROBLEM for status in (400, 401, 403, 404, 429, 503)}
_INSTALLATION: Final = UUID(int=0)


class LedgerView(GovernedView):
    """Whoever may audit the key's project may see the installation's log."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        self.require(Permission.AUDIT_LEDGER)


class LedgerCheckpoint(LedgerView):
    @extend_schema(
        tags=TAG,
        summary="The newest signed checkpoint (tlog-checkpoint)",
        responses={(200, "text/plain"): OpenApiTypes.STR, **_REFUSALS},
    )
    def get(self, request: Request, log: int | None = None) -> HttpResponse:
        return _answer(cosignatures.note(_newest(log)), TEXT, CHANGING)


class LedgerTile(LedgerView):
    @extend_schema(
        tags=TAG,
        summary="A tile of hashes or a bundle of commitments (tlog-tiles)",
        responses={(200, BYTES): OpenApiTypes.BINARY, **_REFUSALS},
    )
    def get(self, request: Request, address: str, log: int | None = None) -> HttpResponse:
        try:
            tile, entries = geometry.parse_address(address)
        except geometry.NotATile as error:
            raise NotFound() from error
        checkpoint = _newest(log)
        # Leaves that no checkpoint covers yet are not shown.
        if not geometry.exists(tile, checkpoint.size):
            raise tiles.TileMissing()
        read = tiles.bundle_bytes if entries else tiles.tile_bytes
        return _answer(read(checkpoint.log, tile), BYTES, IMMUTABLE)


class LedgerKey(LedgerView):
    @extend_schema(
        tags=TAG,
        summary="The keys that sign checkpoints: one a line, the oldest first (signed-note)",
        responses={(200, "text/plain"): OpenApiTypes.STR, **_REFUSALS},
    )
    def get(self, request: Request) -> HttpResponse:
        return _answer(checkpoints.key_text(), TEXT, CHANGING)


class LedgerProof(LedgerView):
    @extend_schema(
        tags=TAG,
        summary="A proof that an entry is under the newest checkpoint (tlog-proof)",
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            **_REFUSALS,
            (409, "application/problem+json"): OpenApiResponse(Problem, description="`not_sealed`: ask again."),
        },
    )
    def get(self, request: Request, stream: UUID, seq: int) -> HttpResponse:
        # The ledger's own entries, about its keys and logs, are everybody's who may audit anything.
        visible = (self.project.pk, _INSTALLATION)
        if not Entry.objects.filter(project_id__in=visible, stream=stream, seq=seq).exists():
            raise NotFound()
        return _answer(str(proofs.prove(stream, seq)), TEXT, CHANGING)


def _newest(log: int | None) -> Checkpoint:
    checkpoint = checkpoints.newest(log)
    if checkpoint is None:
        raise NotFound("Nothing has been sealed yet.")
    return checkpoint


def _answer(content: str | bytes, content_type: str, caching: str) -> HttpResponse:
    return HttpResponse(content, content_type=content_type, headers={"Cache-Control": caching})
