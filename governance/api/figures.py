"""Who may read the installation's figures from elsewhere: an owner, signed in or by a service's key."""

from django.http import HttpRequest

from governance.api.authentication import key_text
from governance.models import ApiKey, Membership, Person
from governance.queries import keys
from waxell.lib.errors import DomainError


def may_read(request: HttpRequest) -> bool:
    """Tell whether this caller may see numbers over all projects. An agent's key never may."""
    if "HTTP_AUTHORIZATION" in request.META or "HTTP_X_WAX_KEY" in request.META:
        try:
            key = keys.authenticate(key_text(request))
        except DomainError:
            return False
        if key.agent_id is not None or ApiKey.Scope.READ not in key.scopes:
            return False
        return _owns(key.accountable)
    person = getattr(request, "user", None)
    return isinstance(person, Person) and _owns(person)


def _owns(person: Person) -> bool:
    return person.is_active and Membership.objects.filter(person=person, role=Membership.Role.OWNER).exists()
