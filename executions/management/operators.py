"""Who acts by a command: commands write entries, and an entry names a person who may do it."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from governance import access
from governance.access import Permission
from governance.domain.actors import Actor
from governance.models import Person, Project


def add_project(parser: ArgumentParser) -> None:
    """Let a command name its project."""
    parser.add_argument("project", metavar="PROJECT", help="the project's short name")


def add_person(parser: ArgumentParser) -> None:
    """Let a command name who acts."""
    parser.add_argument("--as", dest="email", required=True, metavar="EMAIL", help="who does this; must have the right")


def find_project(slug: str) -> Project:
    """Return the project of this short name. Raises CommandError."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project {slug}.")
    return project


def actor_with(permission: Permission, email: str, project: Project) -> Actor:
    """Return the person of this address as an actor. Raises CommandError where they lack the right."""
    person = Person.objects.filter(email__iexact=email).first()
    if person is None or not access.can(person, permission, project):
        raise CommandError(f"{email} has no right to do this in {project.slug}.")
    return access.actor_of(person)
