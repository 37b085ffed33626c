"""Descriptions of the gate's calls: those of governance's, with the key as the way in."""

from collections.abc import Callable, Iterable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.serializers import Serializer

from governance.api import described

# The key is checked inside the gate's snapshot, so the views name no authentication class.
_BY_KEY = extend_schema(auth=[{"key": []}])  # type: ignore[list-item]
TAG = "Executions"


def calling(
    given: type[Serializer[Any]], output: type[Serializer[Any]], tag: str = TAG, *, status: int = 200
) -> Callable[..., Any]:
    """Describe a POST."""
    inner = described.changing(given, output, tag, status=status)
    return lambda view: _BY_KEY(inner(view))


def listing(output: type[Serializer[Any]], tag: str = TAG, *, filters: Iterable[str] = ()) -> Callable[..., Any]:
    """Describe the GET of a collection with filters."""
    inner = described.listing(output, tag)
    named = extend_schema(parameters=[OpenApiParameter(name, OpenApiTypes.STR) for name in filters])
    return lambda view: named(_BY_KEY(inner(view)))


def showing(output: type[Serializer[Any]], tag: str = TAG) -> Callable[..., Any]:
    """Describe the GET of an item."""
    inner = described.reading(output, tag)
    return lambda view: _BY_KEY(inner(view))
