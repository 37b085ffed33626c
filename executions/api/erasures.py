"""Erasing over REST: contents go, the entries that commit to them stay, and an entry says who, what and why."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from executions.api.described import calling, listing, showing
from executions.api.schemas import Receipt
from executions.api.views import json_response
from executions.queries import erasures
from executions.queries.erasures import Erasure
from executions.services import subjects
from executions.services.erasing import WHILE_ONE_WAITS
from governance import access
from governance.access import Permission
from governance.api.inputs import Choice, Input, Text, read
from governance.api.views import GovernedView
from governance.models import ApiKey
from governance.queries import pages
from governance.services.requests import Outcome
from waxell.ledger.models import Entry
from waxell.lib.errors import NotFound
from waxell.lib.times import format_time

TAG = "Erasure"
SCOPES = ("execution", "end_user")


class ErasureScopeInput(Input):
    type = Choice(choices=SCOPES)
    value = Text(help_text="The execution's id; the end user's name or pseudonym.")


class ErasureInput(Input):
    scope = ErasureScopeInput()
    payload = Text(max_length=32, required=False, help_text="Of an execution: only contents of this name.")
    reason = Text(max_length=2000)


class Erased(serializers.Serializer[Any]):
    payloads = serializers.IntegerField()
    entries = Receipt(many=True)
    waiting = serializers.ListField(
        child=serializers.UUIDField(), help_text="Executions that still live: erase again when they have ended."
    )
    complete = serializers.BooleanField(help_text="False where there is more to erase: send the same again.")


class ErasureOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="Number of the entry in the project's governance stream.")
    at = serializers.DateTimeField()
    actor = serializers.DictField()
    reason = serializers.CharField(allow_null=True, help_text="Null for those who may not see contents.")
    payloads = serializers.IntegerField()
    end_users = serializers.ListField(child=serializers.UUIDField())


class Place(serializers.Serializer[Any]):
    stream = serializers.UUIDField()
    seq = serializers.IntegerField()
    name = serializers.CharField()


class ErasureDetail(ErasureOutput):
    erased = Place(many=True)


class ErasureCollection(GovernedView):
    @listing(ErasureOutput, TAG)
    def get(self, request: Request) -> HttpResponse:
        """Entries of the project that erased something, newest first."""
        self.require(Permission.VIEW)
        found = pages.page(
            erasures.listed(self.project.pk),
            cursor=request.query_params.get("cursor"),
            limit=pages.parse_limit(request.query_params.get("limit")),
            key=("seq",),
            descending=True,
        )
        return json_response({"items": _shown(self.key, found.items), "next": found.next})

    @calling(ErasureInput, Erased, TAG, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Erase the contents of an execution, or of an end user and their name. Nothing brings them back."""
        self.require(Permission.ERASE)
        wanted = read(request, ErasureInput)
        scope = wanted.pop("scope")

        def effect() -> Outcome:
            done = subjects.erase(
                project_id=self.project.pk,
                actor=self.actor,
                scope_type=scope["type"],
                scope_value=scope["value"],
                limit=WHILE_ONE_WAITS,
                **wanted,
            )
            body = {
                "payloads": done.payloads,
                "entries": [receipt.document() for receipt in done.entries],
                "waiting": [str(identity) for identity in done.waiting],
                "complete": done.complete,
            }
            return Outcome(status=201, body=body)

        return self.once(request, effect)


class ErasureItem(GovernedView):
    @showing(ErasureDetail, TAG)
    def get(self, request: Request, seq: int) -> HttpResponse:
        """One entry that erased, with the place of each content."""
        self.require(Permission.VIEW)
        rows = erasures.told(erasures.listed(self.project.pk).filter(seq=seq))
        if not rows:
            raise NotFound()
        return json_response({**_document(rows[0], reads_reasons(self.key)), "erased": list(rows[0].contents)})


def reads_reasons(key: ApiKey) -> bool:
    """Tell whether a key may read why: reasons lie beside entries as contents do."""
    return any(access.can(key, right, key.project) for right in (Permission.VIEW_PAYLOADS, Permission.ERASE))


def _shown(key: ApiKey, rows: Iterable[Entry]) -> list[dict[str, Any]]:
    reads = reads_reasons(key)
    return [_document(erasure, reads) for erasure in erasures.told(rows)]


def _document(erasure: Erasure, reads: bool) -> dict[str, Any]:
    return {
        "seq": erasure.seq,
        "at": format_time(erasure.at),
        "actor": erasure.actor,
        "reason": erasure.reason if reads else None,
        "payloads": len(erasure.contents),
        "end_users": list(erasure.end_users),
    }
