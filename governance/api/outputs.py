"""What several answers have in common."""

from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance.services.publications import Published
from waxell.lib import times


@extend_schema_field({"type": "string", "format": "date-time"})
class Moment(serializers.Field[Any, Any, Any, Any]):
    """A time as `2026-03-01T09:30:00.000000Z`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, **options})

    def to_representation(self, value: Any) -> str:
        return times.format_time(value)


class InForce(serializers.Serializer[Any]):
    """A version that came in force, and the rules that are in force with it."""

    version = serializers.IntegerField()
    digest = serializers.CharField()
    governance_state = serializers.CharField()


class StateInForce(serializers.Serializer[Any]):
    """The rules that are in force."""

    governance_state = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457: why a request was refused. `code` is stable."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(required=False)


def in_force(version: int, digest: str, published: Published) -> dict[str, object]:
    """Return what publishing a version answers."""
    return {"version": version, "digest": digest, "governance_state": published.digest}


@cache
def page_of(output: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the form of a list's page, for the OpenAPI document."""
    name = f"{output.__name__}Page"
    return type(
        name,
        (serializers.Serializer,),
        {
            "items": output(many=True),
            "next": serializers.CharField(allow_null=True),
            "__doc__": "Some items, and the cursor of the next page.",
        },
    )
