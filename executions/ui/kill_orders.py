"""Stopping a scope, seeing what that did, and letting it go on."""

from uuid import UUID

from django.contrib import messages
from django.db.models import FETCH_RAISE, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from executions.queries import kill_orders as queries
from executions.services import kill_orders
from executions.ui.forms import SCOPES, KillOrderForm, LiftForm
from executions.ui.polling import live
from governance import access
from governance.access import Permission
from governance.models import EndUser, KillOrder, Project
from governance.services import kill_orders as orders
from governance.ui.entrance import may, person_of, within_project
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page

SHOWN = 100


@require_safe
@within_project(Permission.VIEW)
def kill_order_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Orders in force, then those lifted."""
    rows = _visible(project).order_by("-id")
    context = {
        "project": project,
        "in_force": [_named(order) for order in rows.filter(lifted_at__isnull=True)],
        "lifted": [_named(order) for order in rows.filter(lifted_at__isnull=False)[:SHOWN]],
        "can_operate": may(request, Permission.OPERATE_EXECUTIONS, project),
    }
    return render_page(request, "executions/kill_order_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.OPERATE_EXECUTIONS)
def kill_order_new(request: HttpRequest, project: Project) -> HttpResponse:
    """Say what to stop; POST stops it."""
    given = {name: request.GET[name] for name in ("scope_type", "scope_value", "reason") if name in request.GET}
    form = KillOrderForm(request.POST if request.method == "POST" else None, project=project, initial=given)
    if request.method == "POST" and form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in ("scope_type", "scope_value", "reason")}
        try:
            placed = kill_orders.place(project=project, actor=access.actor_of(person_of(request)), **wanted)
        except DomainError as error:
            # An id that is no id, or a right that is missing: the form says so where it was typed.
            form.add_error(None if error.status >= 500 else "scope_value", error.detail or error.title())
        else:
            mine = next(order for order in placed.orders if order.project_id == project.pk)
            messages.success(request, "The kill order is in force.")
            return redirect(request, reverse("executions:kill_order", args=[project.slug, mine.pk]))
    context = {
        "project": project,
        "form": form,
        "cancel_href": reverse("executions:kill_order_list", args=[project.slug]),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "executions/kill_order_new.html", context, partial="form", status=status)


@require_safe
@within_project(Permission.VIEW)
def kill_order(request: HttpRequest, project: Project, order_id: UUID) -> HttpResponse:
    """What an order stopped, and what was under way and cannot be recalled."""
    order = get_object_or_404(_visible(project), pk=order_id)
    stopped = queries.stopped_by([order])
    named = _named(order)
    context = {
        "project": project,
        "order": named,
        "title": f"{named['scope']}: {named['value']}" if named["value"] else named["scope"],
        "stopped": list(stopped[:SHOWN]),
        "stopped_count": stopped.count(),
        "remaining": queries.matching(order).count() if order.lifted_at is None else 0,
        "in_flight": queries.in_flight([order]),
        "calls_only": order.scope_type in (KillOrder.Scope.TOOL, KillOrder.Scope.MODEL),
        "form": LiftForm(),
        "can_operate": may(request, Permission.OPERATE_EXECUTIONS, project),
    }
    return live(request, render_page(request, "executions/kill_order.html", context, partial="effect"))


@require_POST
@within_project(Permission.OPERATE_EXECUTIONS)
def kill_order_lift(request: HttpRequest, project: Project, order_id: UUID) -> HttpResponse:
    """Let what one order forbade happen again; what it stopped stays stopped."""
    order = get_object_or_404(_visible(project), pk=order_id)
    form = LiftForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        orders.lift(order=order, actor=access.actor_of(person_of(request)), note=note)
        messages.success(request, "Lifted. What it stopped stays stopped; new work may start.")
    except NotFound:
        raise
    except DomainError as error:
        messages.info(request, error.detail or error.title())
    return redirect(request, reverse("executions:kill_order_list", args=[project.slug]))


def _visible(project: Project) -> QuerySet[KillOrder]:
    rows = KillOrder.objects.filter(project=project).select_related("placed_by", "lifted_by")
    return rows.fetch_mode(FETCH_RAISE)


def _named(order: KillOrder) -> dict[str, object]:
    value = order.scope_value
    if order.scope_type == KillOrder.Scope.END_USER:
        # Orders know only the pseudonym; who may see the project may see whom it stands for.
        value = EndUser.objects.filter(pk=value).values_list("name", flat=True).first() or value
    return {"order": order, "scope": SCOPES[KillOrder.Scope(order.scope_type)], "value": value}
