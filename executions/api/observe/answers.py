"""Answers of the `waxell-observe` protocol: a verdict is always a 200 whose `action` says it.

Its client goes on ungoverned after any other status, so nothing that refuses may answer with one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from governance.domain.verdicts import Verdict

type Body = dict[str, Any]

GATES: Final = {"run.start": "budget", "llm.before": "budget", "tool.before": "budget", "step.mid": "kill"}
"""The surfaces at which the client is to ask, each with the category it is told.

It never caches answers of these two, and a block of category `kill` in the middle of a step ends its run.
"""

MANIFEST_SECONDS: Final = 60
OURS: Final = "waxell"
"""The one policy of the manifest: all that is in force here, judged by the server."""

_CATEGORIES: Final = {"kill_order": "kill", "lifecycle": "kill", "budget": "budget"}
WAITING: Final = "A person must approve this first."


def manifest() -> Body:
    """Ask the client to ask us, at every gate that matters."""
    return {
        "manifest_version": "1",
        "ttl_seconds": MANIFEST_SECONDS,
        "checkpoints": list(GATES),
        "surfaces": {
            surface: [{"policy": OURS, "category": category, "eval": "server"}] for surface, category in GATES.items()
        },
        "policies": [{"name": OURS, "policy_id": OURS, "rules": {}}],
    }


def allow() -> Body:
    return {"action": "allow", "reason": "", "metadata": {}, "evaluations": []}


def block(reason: str, *, surface: str | None = None) -> Body:
    """Refuse for a reason that no rule gave."""
    return _verdict("block", reason, [_evaluation(OURS, _category(surface), "block", reason)])


def verdict(told: Mapping[str, Any], *, surface: str | None = None) -> Body:
    """Answer a decision: `verdict`, `reasons` and, where there are, `flags` and `approval`."""
    kind = told["verdict"]
    if kind == Verdict.ALLOW:
        flags = told.get("flags") or ()
        if not flags:
            return allow()
        action, reasons = "warn", flags
    else:
        action, reasons = "block", told["reasons"]
    reason = _sentence(reasons)
    approval = told.get("approval")
    if kind == Verdict.HOLD:
        reason = f"{reason} {waiting(approval['id'] if approval else None)}".strip()
    body = _verdict(
        action,
        reason,
        [
            _evaluation(OURS, _category(surface), action, reason),
            *(
                _evaluation(
                    _named(cause),
                    "approval" if cause.get("effect") == "hold" else _CATEGORIES.get(cause["source"], "policy"),
                    action,
                    cause["message"],
                )
                for cause in reasons
            ),
        ],
    )
    if approval:
        body["metadata"] = {"approval_id": approval["id"]}
    return body


def waiting(approval_id: object) -> str:
    """What a held action is told. Of a gate's answer a handler is given this sentence only, so it has the id."""
    return f"{WAITING} (approval {approval_id})" if approval_id else WAITING


def ended(state: str, cause: Mapping[str, Any] | None, *, surface: str | None = None) -> Body:
    """Refuse because the execution has ended already."""
    message = cause["message"] if cause else f"The execution has ended: it is {state}."
    return block(message, surface=surface)


def governance(told: Mapping[str, Any]) -> Body:
    """The part of a verdict that answers to telemetry carry."""
    return {name: told[name] for name in ("action", "reason", "evaluations")}


def _verdict(action: str, reason: str, evaluations: list[Body]) -> Body:
    return {"action": action, "reason": reason, "metadata": {}, "evaluations": evaluations}


def _evaluation(policy: str, category: str, action: str, reason: str) -> Body:
    return {"policy_name": policy, "category": category, "action": action, "reason": reason, "metadata": {}}


def _category(surface: str | None) -> str:
    return GATES.get(surface or "", "policy")


def _named(cause: Mapping[str, Any]) -> str:
    if cause.get("policy"):
        return f"{cause['policy']}/{cause['rule']}" if cause.get("rule") else str(cause["policy"])
    return str(cause.get("budget") or cause.get("kill_order") or cause["code"])


def _sentence(reasons: Sequence[Mapping[str, Any]]) -> str:
    return str(reasons[0]["message"]) if reasons else ""
