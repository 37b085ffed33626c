"""Kill orders over REST: placing one stops what it covers before the answer is given."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from executions.api import inputs, outputs, shapes
from executions.api.described import calling, listing, showing
from executions.api.views import json_response
from executions.services import kill_orders
from governance import access
from governance.access import Permission
from governance.api.views import GovernedView
from governance.models import KillOrder, Project
from governance.queries import pages
from governance.services import kill_orders as orders
from governance.services.requests import Outcome
from waxell.lib.errors import NotFound

TAG = "Kill orders"


def _visible(project: Project, order_id: UUID) -> KillOrder:
    row = KillOrder.objects.filter(pk=order_id, project=project).first()
    if row is None:
        raise NotFound()
    return row


class KillOrderCollection(GovernedView):
    @listing(shapes.KillOrderOutput, TAG)
    def get(self, request: Request) -> HttpResponse:
        """Kill orders of the project, newest first, lifted ones included."""
        self.require(Permission.VIEW)
        found = pages.page(
            KillOrder.objects.filter(project=self.project),
            cursor=request.query_params.get("cursor"),
            limit=pages.parse_limit(request.query_params.get("limit")),
            key=("id",),
            descending=True,
        )
        items = [outputs.kill_order(row) for row in found.items]
        return json_response({"items": items, "next": found.next})

    @calling(shapes.KillOrderInput, shapes.KillOrderPlaced, TAG, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Stop a scope at once; says what stopped and what cannot be recalled."""
        self.require(Permission.OPERATE_EXECUTIONS)
        scope_type, value, reason = inputs.kill_order(request.data)
        placed: tuple[KillOrder, ...] = ()

        def effect() -> Outcome:
            nonlocal placed
            placed = orders.place(
                project=self.project,
                actor=self.actor,
                scope_type=scope_type,
                scope_value=value,
                reason=reason,
            )
            return Outcome(status=201, body=outputs.kill_order(placed[0]))

        answer = self.once(request, effect)
        if answer.status_code == 201:
            # The order is committed: now stop what runs. A retry stops the rest and tells the same.
            done = kill_orders.carry_out(placed or (_visible(self.project, UUID(answer.data["id"])),))
            answer.data = {
                **answer.data,
                "stopped": [str(execution_id) for execution_id in done.stopped],
                "remaining": done.remaining,
                "in_flight": done.in_flight,
            }
        return answer


class KillOrderItem(GovernedView):
    @showing(shapes.KillOrderOutput, TAG)
    def get(self, request: Request, order_id: UUID) -> HttpResponse:
        """One kill order."""
        self.require(Permission.VIEW)
        return json_response(outputs.kill_order(_visible(self.project, order_id)))


class KillOrderLifting(GovernedView):
    @calling(shapes.LiftInput, shapes.KillOrderOutput, TAG)
    def post(self, request: Request, order_id: UUID) -> HttpResponse:
        """Lift one kill order; what it stopped stays stopped."""
        access.require(self.key, Permission.OPERATE_EXECUTIONS, _visible(self.project, order_id))
        note = inputs.optional_note(request.data)

        def effect() -> Outcome:
            orders.lift(order=_visible(self.project, order_id), actor=self.actor, note=note)
            return Outcome(status=200, body=outputs.kill_order(_visible(self.project, order_id)))

        return self.once(request, effect)
