"""Things to test with, made by the services that make them in the product."""

from tests.factories.governance import (
    make_agent,
    make_budget,
    make_key,
    make_person,
    make_policy,
    make_project,
    make_tool,
    make_workflow,
)

__all__ = [
    "make_agent",
    "make_budget",
    "make_key",
    "make_person",
    "make_policy",
    "make_project",
    "make_tool",
    "make_workflow",
]
