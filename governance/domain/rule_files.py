"""Rules as files: `waxell.toml` with what a project knows and what is in force, with texts and schemas beside it."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from waxell.lib import money
from waxell.lib.errors import DomainError
from waxell.lib.fields import Fields, UnknownField

MAIN: Final = "waxell.toml"

type Load = Callable[[str], str]


class RulesFileInvalid(ValueError):
    """These files cannot be read as rules; the text says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One thing as it shall be. `values` is by field; amounts are in the unit's own (usd: micros)."""

    kind: str
    slug: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the files say: of which project, and what there shall be, in the order in which it can be made."""

    project: str
    desired: tuple[Desired, ...]


def read(load: Load) -> Rules:
    """Read the files. `load` returns a file's text by its name beside `waxell.toml`, and raises OSError.

    Raises RulesFileInvalid.
    """
    try:
        return _read(load)
    except UnknownField as error:
        raise RulesFileInvalid(f"{error.detail} In {MAIN} there are project, {', '.join(_KINDS)}.") from error
    except DomainError as error:
        raise RulesFileInvalid(str(error.detail or error.title())) from error


def _read(load: Load) -> Rules:
    try:
        document = tomllib.loads(_loaded(load, MAIN))
    except tomllib.TOMLDecodeError as error:
        raise RulesFileInvalid(f"{MAIN}: {error}") from error
    fields = Fields(document)
    project = fields.text("project", max_length=63)
    desired = []
    for kind, values_of in _KINDS.items():
        table = fields.optional_mapping(kind) or {}
        for slug, given in table.items():
            one = Fields(given, path=f"{kind}.{slug}")
            desired.append(Desired(kind=kind, slug=slug, values=values_of(one, slug, load)))
            one.finish()
    fields.finish()
    return Rules(project=project, desired=tuple(desired))


def _loaded(load: Load, name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise RulesFileInvalid(f"{name} is not beside {MAIN}.")
    try:
        return load(name)
    except OSError as error:
        raise RulesFileInvalid(f"{name} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise RulesFileInvalid(f"{name} is no text in UTF-8.") from error


def _team(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    return {"name": fields.optional_text("name", max_length=120) or slug}


def _agent(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    return {"name": fields.optional_text("name", max_length=120) or slug, "teams": sorted(set(fields.texts("teams")))}


def _tool(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    schema = fields.optional_text("schema")
    return {
        "description": fields.optional_text("description", max_length=2000) or "",
        "groups": sorted(set(fields.texts("groups", max_length=63))),
        "cost_micros": fields.optional_usd("cost"),
        "schema": None if schema is None else _schema(load, schema),
        "risk": fields.optional_text("risk", choices=("low", "medium", "high")) or "",
        "owner": (fields.optional_text("owner", max_length=254) or "").lower() or None,
    }


def _schema(load: Load, name: str) -> Any:
    try:
        return json.loads(_loaded(load, name))
    except ValueError as error:
        raise RulesFileInvalid(f"{name} is no JSON: {error}") from error


def _model(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    return {"provider": fields.optional_text("provider", max_length=63) or ""}


def _workflow(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    return {
        "kind": fields.optional_text("kind", choices=("external", "worker")) or "external",
        "description": fields.optional_text("description", max_length=2000) or "",
        "max_attempts": fields.optional_integer("max_attempts", minimum=1, maximum=100) or 1,
        "max_concurrent": fields.optional_integer("max_concurrent", minimum=1, maximum=10_000) or 10,
        "schedule": fields.optional_text("schedule", max_length=120) or "",
        "schedule_agent": fields.optional_text("schedule_agent", max_length=63) or None,
    }


def _group(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    people = {email.lower() for email in fields.texts("people")}
    return {"name": fields.optional_text("name", max_length=120) or slug, "people": sorted(people)}


def _policy(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    text = _loaded(load, fields.optional_text("text") or f"{slug}.cedar")
    return {
        "name": fields.optional_text("name", max_length=120) or slug,
        "description": fields.optional_text("description", max_length=2000) or "",
        "mode": fields.optional_text("mode", choices=("enforced", "shadow")) or "enforced",
        "text": text.replace("\r\n", "\n").replace("\r", "\n"),
        "in_force": fields.boolean("in_force", default=True),
    }


def _budget(fields: Fields, slug: str, load: Load) -> dict[str, Any]:
    unit = fields.text("unit", max_length=32)
    values = {
        "name": fields.optional_text("name", max_length=120) or slug,
        "unit": unit,
        "scope_type": fields.text("scope", max_length=16),
        "scope_value": fields.optional_text("value", max_length=200) or "",
        "period": fields.text("period", max_length=16),
        "time_zone": fields.optional_text("time_zone", max_length=64) or "UTC",
        "limit": _amount(fields, "limit", unit),
        "on_exceed": fields.optional_text("on_exceed", choices=("halt", "deny", "hold")) or "halt",
        "in_force": fields.boolean("in_force", default=True),
    }
    # A new version keeps these of the one before, unless something is said.
    if fields.has("default_reservation"):
        values["default_reservation"] = _amount(fields, "default_reservation", unit)
    if fields.has("approvers"):
        values["approvers"] = fields.text("approvers", max_length=63)
    return values


def _amount(fields: Fields, name: str, unit: str) -> int:
    """Dollars are written as texts (`"5.00"`), everything else as whole numbers."""
    return fields.usd(name) if unit == "usd" else fields.integer(name)


# Later kinds name earlier ones: policies speak of tools, models, agents and groups.
_KINDS: Final[dict[str, Callable[[Fields, str, Load], dict[str, Any]]]] = {
    "teams": _team,
    "agents": _agent,
    "tools": _tool,
    "models": _model,
    "workflows": _workflow,
    "groups": _group,
    "policies": _policy,
    "budgets": _budget,
}


def shown(field: str, value: Any, *, unit: str | None = None) -> str:
    """Return a value as a person reads it in a plan."""
    if value is None or value == "":
        return "none"
    if field == "cost_micros" or (unit == "usd" and field in ("limit", "default_reservation")):
        return f"${money.format_usd(value)}"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
