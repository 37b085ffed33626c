"""Whom and what erasures and legal holds are about, as people name them."""

from uuid import UUID

from executions.models import Execution
from governance.models import EndUser


def execution(project_id: UUID, text: str) -> UUID | None:
    """Return the id of the project's execution that `text` is, None where it has none such."""
    identity = _uuid(text)
    if identity is None or not Execution.objects.filter(pk=identity, project_id=project_id).exists():
        return None
    return identity


def end_user(project_id: UUID, text: str) -> UUID | None:
    """Return the pseudonym of an end user; `text` is their name, or the pseudonym itself.

    A pseudonym is known as long as a record has it, though the name was erased.
    """
    named = EndUser.objects.filter(project_id=project_id, name=text).values_list("id", flat=True).first()
    if named is not None:
        return named
    pseudonym = _uuid(text)
    if pseudonym is None:
        return None
    known = (
        EndUser.objects.filter(project_id=project_id, pk=pseudonym).exists()
        or Execution.objects.filter(project_id=project_id, end_user=pseudonym).exists()
    )
    return pseudonym if known else None


def end_user_names(project_id: UUID, pseudonyms: set[UUID]) -> dict[UUID, str]:
    """Return the names that are still known, by pseudonym."""
    rows = EndUser.objects.filter(project_id=project_id, pk__in=pseudonyms)
    return dict(rows.values_list("id", "name"))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
