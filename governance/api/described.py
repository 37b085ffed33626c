"""Descriptions for the OpenAPI document that every view shares."""

from collections.abc import Callable
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.serializers import Serializer

from governance.api import outputs

PROBLEM: Final = (outputs.Problem, "application/problem+json")
_CHANGES: Final = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
_READS: Final = (400, 401, 403, 404, 429, 503)

_PAGING: Final = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before."),
    OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 200 items, 50 unless told."),
]
_RETRY: Final = [
    OpenApiParameter(
        "Idempotency-Key",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="1 to 255 printable ASCII characters. The same key gives the same answer for 24 hours.",
    )
]


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer wxk_…`."""

    target_class = "governance.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "wxk_<id>_<secret>"}


def listing(output: type[Serializer[Any]], tag: str) -> Callable[..., Any]:
    """Describe the GET of a collection."""
    return extend_schema(tags=[tag], parameters=_PAGING, responses=_responses({200: outputs.page_of(output)}, _READS))


def reading(output: type[Serializer[Any]], tag: str) -> Callable[..., Any]:
    """Describe the GET of an item."""
    return extend_schema(tags=[tag], responses=_responses({200: output}, _READS))


def changing(
    given: type[Serializer[Any]] | None, output: type[Serializer[Any]], tag: str, *, status: int = 200
) -> Callable[..., Any]:
    """Describe a POST or PUT with the body `given`."""
    responses = _responses({status: output}, _CHANGES)
    return extend_schema(tags=[tag], parameters=_RETRY, request=given, responses=responses)


def _responses(good: dict[int, Any], bad: tuple[int, ...]) -> dict[Any, Any]:
    problems = {
        (status, PROBLEM[1]): OpenApiResponse(outputs.Problem, description="A problem document.") for status in bad
    }
    return {**good, **problems}
