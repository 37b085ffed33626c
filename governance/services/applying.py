"""Making a project what its files say: what differs, and doing that, all of it or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from governance.domain.actors import Actor
from governance.domain.rule_files import Desired
from governance.models import Project
from governance.services import applied_kinds
from governance.services.applied_kinds import RulesNotApplicable, Values
from waxell.lib.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it shall be: `was` None where it is not there; `fields` are those that differ."""

    desired: Desired
    was: Values | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was made different, how many things were as they shall be, and what the files do not speak of."""

    differences: tuple[Difference, ...]
    same: int
    unspoken: tuple[tuple[str, str], ...]


class _TakenBack(Exception):
    """A rehearsal is over."""


def rehearse(
    *, project: Project, actor: Actor, desired: Iterable[Desired], note: str = "", override: str = ""
) -> Applied:
    """Do what `apply` does, see that it can be done, and take it all back. Raises RulesNotApplicable."""
    applied: list[Applied] = []
    try:
        with transaction.atomic():
            applied.append(apply(project=project, actor=actor, desired=desired, note=note, override=override))
            raise _TakenBack
    except _TakenBack:
        return applied[0]


def apply(*, project: Project, actor: Actor, desired: Iterable[Desired], note: str = "", override: str = "") -> Applied:
    """Make everything that differs as it shall be, in one transaction. What is not spoken of stays as it is.

    `override` is why policies may be published although test cases kept with them fail.

    Doing it again finds nothing to do. Raises RulesNotApplicable, which names what cannot be done.
    """
    wanted = list(desired)
    differences = []
    with transaction.atomic():
        for one in wanted:
            row = _row(project, one)
            was = None if row is None else applied_kinds.VALUES[one.kind](project, row)
            fields = tuple(name for name, value in one.values.items() if was is None or was[name] != value)
            if was is not None and not fields and not getattr(row, "discovered", False):
                continue
            differences.append(Difference(desired=one, was=was, fields=fields))
            try:
                applied_kinds.MAKE[one.kind](
                    applied_kinds.Making(
                        project=project, actor=actor, note=note, override=override, desired=one, row=row, fields=fields
                    )
                )
            except (DomainError, RulesNotApplicable) as error:
                raise RulesNotApplicable(f"{one.kind}.{one.slug}: {_why(error)}", _errors(error)) from error
    spoken = {(one.kind, one.slug) for one in wanted}
    return Applied(
        differences=tuple(differences),
        same=len(wanted) - len(differences),
        unspoken=tuple(name for name in _names(project) if name not in spoken),
    )


def _why(error: DomainError | RulesNotApplicable) -> str:
    return str(error.detail or error.title()) if isinstance(error, DomainError) else str(error)


def _errors(error: DomainError | RulesNotApplicable) -> Sequence[Mapping[str, Any]]:
    found: Any = error.members.get("errors", ()) if isinstance(error, DomainError) else ()
    return list(found)


def _row(project: Project, desired: Desired) -> Any:
    return applied_kinds.MODELS[desired.kind].objects.filter(project=project, slug=desired.slug).first()


def _names(project: Project) -> list[tuple[str, str]]:
    """Everything of the project by kind and name but what agents only mentioned."""
    found = []
    for kind, model in applied_kinds.MODELS.items():
        rows = model.objects.filter(project=project)
        if any(field.name == "discovered" for field in model._meta.get_fields()):
            rows = rows.filter(discovered=False)
        found += [(kind, slug) for slug in rows.order_by("slug").values_list("slug", flat=True)]
    return found
