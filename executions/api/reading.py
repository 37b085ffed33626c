"""Reading over REST: a key sees its agent's executions, or its person's project; nothing else exists."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import orjson
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from executions.api import outputs
from executions.models import Execution
from governance import access
from governance.access import Permission
from governance.api.authentication import key_text
from governance.models import ApiKey, Approval
from governance.queries import keys, pages, usage
from governance.services.keys import note_use
from governance.services.rates import check_rate
from waxell.ledger.models import Entry, Stream
from waxell.lib import canonical
from waxell.lib.errors import NotFound

POLL_SECONDS = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A key in force, and the request that came with it."""

    key: ApiKey
    request: Request

    @classmethod
    def of(cls, request: Request) -> Self:
        """Authenticate and count a request. Raises Unauthenticated, TooManyRequests."""
        key = keys.authenticate(key_text(request._request))
        check_rate(key.pk, key.requests_per_minute)
        note_use(key)
        return cls(key=key, request=request)

    @property
    def project_id(self) -> UUID:
        return self.key.project_id

    def filters(self, names: Iterable[str]) -> dict[str, str]:
        """The filters of the address that this list knows."""
        given = self.request.query_params
        return {name: given[name] for name in names if name in given}

    def own[Row: Model](self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Narrow rows with an agent to those that exist for this key. Raises Forbidden, NotFound."""
        if self.key.agent_id is not None:
            return rows.filter(agent_id=self.key.agent_id)
        access.require(self.key, Permission.VIEW, self.key.project)
        return rows

    def execution(self, execution_id: UUID) -> Execution:
        """One execution. Raises NotFound, Forbidden."""
        row = Execution.objects.filter(pk=execution_id).first()
        if row is None:
            raise NotFound()
        access.require(self.key, Permission.VIEW, row)
        return row

    def entries(self, row: Execution) -> QuerySet[Entry]:
        """The entries of an execution, or with `stream=addenda` those after its end."""
        if self.request.query_params.get("stream") == "addenda":
            addenda = Stream.objects.filter(subject=row.id).values("id")
            return Entry.objects.filter(project_id=row.project_id, stream__in=addenda)
        return Entry.objects.filter(project_id=row.project_id, stream=row.id)

    def decisions(self, row: Execution) -> QuerySet[Entry]:
        """The entries that decided an action."""
        return Entry.objects.filter(project_id=row.project_id, stream=row.id, type="action.decided")

    def action(self, row: Execution, decided: Entry) -> dict[str, Any]:
        """The current answer of one action."""
        later = Entry.objects.filter(project_id=row.project_id, stream=row.id, about=decided.seq).order_by("seq")
        held = Approval.objects.filter(execution_id=row.id, action_seq=decided.seq).select_related("agent").first()
        return outputs.action(decided, list(later), held, list(usage.of_action(row.id, decided.seq)), row.state)

    def current_action(self, row: Execution, seq: int) -> HttpResponse:
        """One action with an ETag: a waiting agent asks again and is answered 304 for nothing new."""
        decided = self.decisions(row).filter(seq=seq).first()
        if decided is None:
            raise NotFound()
        body = self.action(row, decided)
        content = orjson.dumps(body)
        etag = f'"{canonical.digest(content).removeprefix("sha256:")[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if body["approval"] and body["approval"]["state"] == Approval.State.PENDING:
            headers["Retry-After"] = POLL_SECONDS
        if self.request.META.get("HTTP_IF_NONE_MATCH") == etag:
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(content, content_type="application/json", headers=headers)

    def page[Row: Model](
        self,
        rows: QuerySet[Row],
        output: Callable[[Row], dict[str, Any]],
        *,
        key: tuple[str, ...],
        descending: bool = False,
    ) -> HttpResponse:
        """One page of a list as `{items, next}`."""
        given = self.request.query_params
        found = pages.page(
            rows,
            cursor=given.get("cursor"),
            limit=pages.parse_limit(given.get("limit")),
            key=key,
            descending=descending,
        )
        body = {"items": [output(row) for row in found.items], "next": found.next}
        return HttpResponse(
            orjson.dumps(body),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )
