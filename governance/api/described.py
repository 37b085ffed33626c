"""Descriptions for the OpenAPI document that every view shares."""

import re
from collections.abc import Callable
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.serializers import Serializer

from governance.api import outputs
from governance.queries import pages

type View = Callable[..., Any]

PROBLEM: Final = (outputs.Problem, "application/problem+json")
_CHANGES: Final = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
_READS: Final = (400, 401, 403, 404, 429, 503)

_PAGING: Final = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before."),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": pages.MAX_LIMIT, "default": pages.DEFAULT_LIMIT},
        description="How many items.",
    ),
]
_RETRY: Final = [
    OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        OpenApiParameter.HEADER,
        description="1 to 255 printable ASCII characters. The same key gives the same answer for 24 hours.",
    )
]


class KeyScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer wxk_…`."""

    target_class = "governance.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "wxk_<id>_<secret>"}


class StrictBody(OpenApiSerializerExtension):
    """A body that refuses unknown fields says so."""

    target_class = "governance.api.inputs.Input"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


def listing(output: type[Serializer[Any]], tag: str) -> Callable[[View], View]:
    """Describe the GET of a collection."""
    return _described(
        "A page of the list.",
        tags=[tag],
        parameters=_PAGING,
        responses=_responses({200: outputs.page_of(output)}, _READS),
    )


def reading(output: type[Serializer[Any]], tag: str) -> Callable[[View], View]:
    """Describe the GET of an item."""
    return _described("One item.", tags=[tag], responses=_responses({200: output}, _READS))


def changing(
    given: type[Serializer[Any]], output: type[Serializer[Any]], tag: str, *, status: int = 200
) -> Callable[[View], View]:
    """Describe a POST or PUT with the body `given`."""
    return _described(
        "Takes effect once for each Idempotency-Key.",
        tags=[tag],
        parameters=_RETRY,
        request=given,
        responses=_responses({status: output}, _CHANGES),
    )


def _described(otherwise: str, **schema: Any) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        # `PolicyCollection.get` becomes `policy_collection_get`: a name for generated clients to keep.
        name = re.sub(r"(?<=[a-z])(?=[A-Z])|\.", "_", view.__qualname__).lower()
        described: View = extend_schema(operation_id=name, description=view.__doc__ or otherwise, **schema)(view)
        return described

    return decorate


def _responses(good: dict[int, Any], bad: tuple[int, ...]) -> dict[Any, Any]:
    problems = {
        (status, PROBLEM[1]): OpenApiResponse(outputs.Problem, description="A problem document.") for status in bad
    }
    return {**good, **problems}
