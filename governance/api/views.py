"""What every view over REST does the same way, outside the gate."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from governance import access
from governance.access import Permission
from governance.api.authentication import KeyAuthentication
from governance.domain.actors import Actor
from governance.domain.requests import retry_of
from governance.models import ApiKey, Project
from governance.queries import pages
from governance.services import requests
from governance.services.rates import check_rate
from governance.services.requests import Outcome
from waxell.lib.errors import Forbidden
from waxell.lib.json_body import StrictJSONParser


class HasKey(BasePermission):
    """Any key in force; what it may do is asked of access, thing by thing."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, ApiKey)


class JSONOnly(DefaultContentNegotiation):
    """Answers are JSON whatever `Accept` says: there is nothing else to choose."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class GovernedView(APIView):
    """Authenticates a key, counts its requests, reads strict JSON."""

    authentication_classes = (KeyAuthentication,)
    permission_classes = (HasKey,)
    parser_classes = (StrictJSONParser,)
    content_negotiation_class = JSONOnly
    # No OPTIONS documents: the OpenAPI document says it all.
    metadata_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_rate(self.key.pk, self.key.requests_per_minute)

    @property
    def key(self) -> ApiKey:
        key = self.request.auth
        assert isinstance(key, ApiKey)  # noqa: S101  HasKey let it in
        return key

    @property
    def actor(self) -> Actor:
        return access.actor_of(self.key)

    @property
    def project(self) -> Project:
        return self.key.project

    def require(self, permission: Permission, obj: Any = None) -> None:
        """Refuse what the key may not do, on the whole project where `obj` is None."""
        if obj is None and self.key.agent_id is not None:
            # An agent's key knows its own executions; the project's rules are not its business.
            raise Forbidden("An agent's key sees and changes only what is its own.")
        access.require(self.key, permission, obj or self.project)

    def once(self, request: Request, effect: Callable[[], Outcome]) -> Response:
        """Answer with the outcome of `effect`, once for each Idempotency-Key."""
        retry = retry_of(
            caller=self.key.pk,
            path=request.path,
            key=request.headers.get("Idempotency-Key"),
            body=request.data,
        )
        outcome = requests.once(retry, effect)
        headers = {"Idempotency-Replayed": "true"} if outcome.replayed else {}
        problem = "application/problem+json" if outcome.status >= 400 else None
        return Response(outcome.body, status=outcome.status, headers=headers, content_type=problem)

    def page(
        self,
        request: Request,
        queryset: QuerySet[Any],
        output: type[Serializer[Any]],
        *,
        key: tuple[str, ...] = ("created_at", "id"),
        descending: bool = False,
        context: dict[str, Any] | None = None,
    ) -> Response:
        """Answer with `{items, next}`: one page of a list, by the `cursor` and `limit` of the address."""
        found = pages.page(
            queryset,
            cursor=request.query_params.get("cursor"),
            limit=pages.parse_limit(request.query_params.get("limit")),
            key=key,
            descending=descending,
        )
        items = output(found.items, many=True, context=context or {}).data
        return Response({"items": items, "next": found.next})
