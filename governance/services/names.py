"""Names that are taken."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from waxell.lib.errors import Conflict


class NameTaken(Conflict):
    """This name is taken already."""

    code = "name_taken"


@contextmanager
def unique(name: str) -> Iterator[None]:
    """Do something in one transaction that gives `name` to a new thing. Raises NameTaken."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        if constraint.endswith(("_slug_unique", "_email_unique", "project_slug_key")) or (
            constraint.startswith("governance_project_slug")
        ):
            raise NameTaken(f"{name} is taken.") from error
        raise
