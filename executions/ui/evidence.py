"""Taking evidence along, and checking it, for those who may audit."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from executions.models import Execution
from executions.queries import records
from executions.queries.bundles import write_execution
from executions.services import exporting
from executions.services.exporting import Exported
from executions.ui import checks
from executions.ui.checks import Outcome
from executions.ui.evidence_forms import CheckForm, PeriodForm, too_long
from governance.access import Permission
from governance.models import Project
from governance.ui.entrance import actor_of, may, refuse, sentence, within_project
from waxell.ledger.queries import checkpoints
from waxell.ledger.services import verifying
from waxell.ledger.services.verifying import CheckTooLong
from waxell.lib import uploads
from waxell.lib.errors import DomainError, NotFound
from waxell.lib.htmx import redirect, render_page
from waxell.lib.piping import read_while_written

MEDIA_TYPE: Final = "application/x-ndjson"
COMMAND: Final = """\
pip install cryptography
python verify_bundle.py FILE.bundle --key waxell-key.txt
"""
"""How anybody checks a bundle on a machine of their own."""

SETTLED: Final = timedelta(seconds=10)
"""What was written within this time may not be sealed yet: a period that goes on ends before it."""


@require_POST
@within_project(Permission.AUDIT_LEDGER)
def execution_export(request: HttpRequest, project: Project, execution_id: UUID) -> HttpResponseBase:
    """The bundle of one execution."""
    row = get_object_or_404(records.visible(project.pk), pk=execution_id)
    contents = may(request, Permission.VIEW_PAYLOADS, project)
    try:
        return _send(exporting.export_execution(execution=row, contents=contents, actor=actor_of(request)))
    except DomainError as error:
        messages.error(request, sentence(error))
        return redirect(request, reverse("executions:execution", args=[project.slug, row.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.AUDIT_LEDGER)
def ledger_export(request: HttpRequest, project: Project) -> HttpResponseBase:
    """Choose a period; POST streams its bundle."""
    today = timezone.localdate()
    form = PeriodForm(
        request.POST or None,
        time_zone=project.time_zone,
        may_see_contents=may(request, Permission.VIEW_PAYLOADS, project),
        initial={"first": today.replace(day=1), "last": today},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _send(_export(request, project, form))
            except DomainError as error:
                status = refuse(form, error)
    context = {"project": project, "form": form, "back_href": reverse("executions:ledger", args=[project.slug])}
    return render_page(request, "executions/ledger_export.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@within_project(Permission.AUDIT_LEDGER)
def ledger_verify(request: HttpRequest, project: Project) -> HttpResponse:
    """Check a file or an execution with the program that is given away; it changes nothing."""
    form = CheckForm(request.POST or None, request.FILES or None, initial={"execution": request.GET.get("execution")})
    outcome, status = None, 200
    if request.method == "POST":
        form.is_bound, status = True, 422
        if uploads.was_too_long(request):
            form.add_error("bundle", too_long())
            status = 413
        elif form.is_valid():
            try:
                outcome, status = _check(request, project, form), 200
            except DomainError as error:
                status = refuse(form, error)
    context = {
        "project": project,
        "form": form,
        "outcome": outcome,
        "command": COMMAND,
        "back_href": reverse("executions:ledger", args=[project.slug]),
    }
    return render_page(request, "executions/ledger_verify.html", context, status=status)


def _export(request: HttpRequest, project: Project, form: PeriodForm) -> Exported:
    since, until = form.bounds()
    return exporting.export_period(
        project=project,
        since=since,
        until=min(until, timezone.now() - SETTLED),
        contents=bool(form.cleaned_data.get("contents")),
        actor=actor_of(request),
    )


def _send(bundle: Exported) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{bundle.name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(bundle.chunks, content_type=MEDIA_TYPE, headers=headers)


def _check(request: HttpRequest, project: Project, form: CheckForm) -> Outcome:
    wanted = form.cleaned_data
    keys = wanted["keys"] or checkpoints.key_text()
    if wanted["bundle"]:
        subject, chunks = str(wanted["bundle"].name), wanted["bundle"].chunks()
    else:
        row = records.visible(project.pk).filter(pk=wanted["execution"]).first()
        if row is None:
            raise NotFound(_("There is no such execution in this project."))
        subject = f"{row.workflow_slug}, {row.pk}"
        chunks = _bundle(row, contents=may(request, Permission.VIEW_PAYLOADS, project))
    with _kept(chunks) as path:
        found = verifying.check(path, keys=keys, checkpoint=wanted["checkpoint"], witnesses=wanted["witnesses"])
    return checks.tell(found, subject=subject, own_keys=not wanted["keys"], old_checkpoint=bool(wanted["checkpoint"]))


def _bundle(row: Execution, *, contents: bool) -> Iterator[bytes]:
    now = timezone.now()
    return read_while_written(lambda file: write_execution(file, row, contents=contents, made_at=now))


@contextmanager
def _kept(chunks: Iterable[bytes]) -> Iterator[Path]:
    """Keep a bundle in a file as long as it is needed. Raises CheckTooLong."""
    with tempfile.NamedTemporaryFile(prefix="waxell-", suffix=".bundle") as file:
        for chunk in chunks:
            file.write(chunk)
            if file.tell() > uploads.AT_MOST:
                raise CheckTooLong()
        file.flush()
        yield Path(file.name)
