"""People who can sign in."""

from governance.models import Person
from governance.services import names


def create(*, email: str, password: str | None, name: str = "") -> Person:
    """Make a person who has no rights yet; without a password they cannot sign in. Raises NameTaken."""
    with names.unique(email):
        return Person.objects.create_user(email, password, name=name)
