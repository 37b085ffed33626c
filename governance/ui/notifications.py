"""Notifications: who is told what of a project, and whether it arrived."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from governance.access import Permission
from governance.models import Project
from governance.services import destinations
from governance.services.destinations import Made
from governance.ui.entrance import actor_of, may, refuse, sentence, within_project
from governance.ui.forms.notifications import DestinationChangeForm, DestinationForm
from waxell.lib.errors import DomainError, Forbidden, NotFound
from waxell.lib.htmx import redirect, render_page
from waxell.outbox import sources
from waxell.outbox.models import Destination
from waxell.outbox.queries import deliveries
from waxell.outbox.services import posting

SHOWN: Final = 50
_FIELDS: Final = {"name_taken": "slug", "header_invalid": "header", "event_unknown": "events"}


@within_project(Permission.VIEW)
@require_safe
def notification_list(request: HttpRequest, project: Project) -> HttpResponse:
    context = {
        "destinations": list(deliveries.destinations(project.pk)),
        "may_own": may(request, Permission.OWN_PROJECT, project),
    }
    return render_page(request, "governance/notification_list.html", context)


@never_cache
@within_project(Permission.OWN_PROJECT)
def notification_new(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a destination; of a webhook, the answer shows the secret, this once."""
    form = DestinationForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = destinations.create(project=project, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, _FIELDS.get(error.code, "address"))
            else:
                if made.secret is not None:
                    return _show(request, project, made)
                messages.success(request, _("Messages go there now. Send a test to see that they arrive."))
                return redirect(request, _address(project, made.destination))
    context = {"form": form}
    return render_page(request, "governance/notification_new.html", context, partial="form", status=status)


@within_project(Permission.VIEW)
def notification(request: HttpRequest, project: Project, destination: str) -> HttpResponse:
    """One destination: what was sent, and for owners what it is told and where."""
    found = _find(project, destination)
    may_own = may(request, Permission.OWN_PROJECT, project)
    form = DestinationChangeForm(request.POST or None, initial={"events": found.events, "enabled": found.enabled})
    status = 200
    if request.method == "POST":
        if not may_own:
            raise Forbidden()
        status = 422
        if form.is_valid():
            try:
                destinations.change(destination=found, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error, "address")
            else:
                messages.success(request, _("Saved."))
                return redirect(request, _address(project, found))
    topics = sources.topics()
    context = {
        "destination": found,
        "told": [topics.get(name, name) for name in found.events],
        "sent": list(deliveries.messages(found)[:SHOWN]),
        "form": form,
        "may_own": may_own,
    }
    return render_page(request, "governance/notification.html", context, partial="form", status=status)


@within_project(Permission.OWN_PROJECT)
@require_POST
def notification_test(request: HttpRequest, project: Project, destination: str) -> HttpResponse:
    found = _find(project, destination)
    destinations.test(destination=found, project=project)
    messages.success(request, _("A test message is on its way; reload in a moment."))
    return redirect(request, _address(project, found))


@never_cache
@within_project(Permission.OWN_PROJECT)
@require_POST
def notification_secret(request: HttpRequest, project: Project, destination: str) -> HttpResponse:
    found = _find(project, destination)
    try:
        return _show(request, project, destinations.renew_secret(destination=found, actor=actor_of(request)))
    except DomainError as error:
        messages.error(request, sentence(error))
        return redirect(request, _address(project, found))


@within_project(Permission.OWN_PROJECT)
def notification_remove(request: HttpRequest, project: Project, destination: str) -> HttpResponse:
    found = _find(project, destination)
    if request.method == "POST":
        destinations.remove(destination=found, actor=actor_of(request))
        messages.success(request, _("Nothing goes there any more, and the address is forgotten."))
        return redirect(request, reverse("governance:notification_list", args=[project.slug]))
    return render_page(request, "governance/notification_remove.html", {"destination": found})


@within_project(Permission.OWN_PROJECT)
@require_POST
def message_again(request: HttpRequest, project: Project, destination: str, message_id: UUID) -> HttpResponse:
    found = _find(project, destination)
    message = deliveries.messages(found).filter(pk=message_id).first()
    if message is None:
        raise NotFound()
    posting.send_again(message)
    messages.success(request, _("The message is on its way again."))
    return redirect(request, _address(project, found))


def _show(request: HttpRequest, project: Project, made: Made) -> HttpResponse:
    context = {"destination": made.destination, "secret": made.secret, "back": _address(project, made.destination)}
    return render_page(request, "governance/notification_secret.html", context, partial="made", status=201)


def _find(project: Project, slug: str) -> Destination:
    found = Destination.objects.filter(project_id=project.pk, slug=slug).first()
    if found is None:
        raise NotFound()
    return found


def _address(project: Project, destination: Destination) -> str:
    return reverse("governance:notification", args=[project.slug, destination.slug])
