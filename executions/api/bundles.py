"""Bundles over REST, and the program that checks them."""

import re
import tempfile
from typing import BinaryIO, Final, cast
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from executions.api import reading
from executions.api.described import TAG
from executions.api.views import GateView
from executions.queries.bundles import write_execution
from governance import access
from governance.access import Permission
from governance.api.described import PROBLEM
from waxell.ledger import verifier
from waxell.lib.errors import DomainError

MEDIA_TYPE: Final = "application/x-ndjson"
KEPT_IN_MEMORY: Final = 1 << 20
"""Bytes of a bundle; a larger one waits in a temporary file until it is sent."""

MOST_SIZES: Final = 16
_SIZE: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_PROBLEMS: Final = {
    (status, PROBLEM[1]): OpenApiResponse(PROBLEM[0], description="A problem document.")
    for status in (400, 401, 403, 404, 409, 429, 503)
}


class SizeInvalid(DomainError):
    """`continues` names up to 16 sizes of older checkpoints, each smaller than the log is now."""

    code = "size_invalid"
    status = 400


class Bundle(GateView):
    @extend_schema(
        operation_id="bundle_get",
        tags=[TAG],
        auth=[{"key": []}],  # type: ignore[list-item]
        parameters=[
            OpenApiParameter(
                "continues",
                {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": MOST_SIZES},
                description="Sizes of checkpoints that you kept: the bundle shows that its log continues them.",
            )
        ],
        responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY, **_PROBLEMS},
    )
    def get(self, request: Request, execution_id: UUID) -> FileResponse:
        """Everything about one execution that is sealed, with what proves it, as one file.

        It is for those who may audit; who may not see payloads gets their commitments only.
        """
        reader = reading.Reader.of(request)
        row = reader.execution(execution_id)
        access.require(reader.key, Permission.AUDIT_LEDGER, row)
        # Written to its end before the first byte is sent, so that what is sent is whole or a problem document.
        # typeshed's class is no BinaryIO, though it does the same; the answer closes it.
        file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY))  # noqa: SIM115
        try:
            write_execution(
                file,
                row,
                contents=access.can(reader.key, Permission.VIEW_PAYLOADS, row),
                made_at=timezone.now(),
                continues=_sizes(request.query_params.getlist("continues")),
            )
        except ValueError as error:
            file.close()
            raise SizeInvalid() from error
        except BaseException:
            file.close()
            raise
        size = file.tell()
        file.seek(0)
        return FileResponse(
            file,
            as_attachment=True,
            filename=f"{execution_id}.bundle",
            content_type=MEDIA_TYPE,
            headers={"Cache-Control": "no-store", "Content-Length": str(size)},
        )


@require_safe
def verifier_source(request: HttpRequest) -> HttpResponse:
    """The program that checks bundles. It is the same for everybody, so it needs no key."""
    return HttpResponse(
        verifier.SOURCE.read_bytes(),
        content_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="verify_bundle.py"', "Cache-Control": "no-cache"},
    )


def _sizes(given: list[str]) -> list[int]:
    if len(given) > MOST_SIZES or not all(map(_SIZE.fullmatch, given)):
        raise SizeInvalid()
    return list(map(int, given))
