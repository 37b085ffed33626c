"""What differs between two governance states."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_KEYED: Final = {"policies": "slug", "budgets": "slug", "kill_orders": "id", "approver_groups": "slug"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that came, went or became another.

    `part` is the manifest's member that it belongs to, `name` its key there; `before` and `after`
    are what the manifests say of it, None where it is not in one of them.
    """

    part: str
    name: str
    before: Any = None
    after: Any = None


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the changes from one manifest (parsed JSON) to the next, sorted by part and name."""
    changes = []
    for part in sorted(before.keys() | after.keys()):
        old, new = _named(part, before.get(part)), _named(part, after.get(part))
        changes += [
            Change(part=part, name=name, before=old.get(name), after=new.get(name))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ]
    return tuple(changes)


def _named(part: str, value: Any) -> dict[str, Any]:
    if part in _KEYED:
        return {item[_KEYED[part]]: item for item in value or ()}
    if isinstance(value, Mapping):
        return dict(value)
    return {} if value is None else {"": value}
