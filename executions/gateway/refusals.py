"""Tool errors: what a client is told where it is not given the tool's own result.

The text is for the model that reads it, the structured content for programs: `{"waxell": {verdict,
code, reasons[], execution?, action?, approval?, state?}}`.
"""

from typing import Any
from uuid import UUID

from mcp_types import CallToolResult, TextContent

from waxell.lib.errors import DomainError


class Refused(Exception):
    """The call is not carried out. `goes_on` says that its execution waits to be asked again."""

    def __init__(self, result: CallToolResult, *, goes_on: bool = False) -> None:
        super().__init__("refused")
        self.result = result
        self.goes_on = goes_on


def refused(body: dict[str, Any], execution_id: UUID) -> CallToolResult:
    """Tell a decision that is not allow, with its reasons."""
    stopped = body["verdict"] == "halt" or body.get("state") in ("denied", "halted")
    return _error(
        ("Stopped: " if stopped else "Refused: ") + _sentences(body["reasons"]),
        verdict=body["verdict"],
        code=_code(body["reasons"]),
        reasons=body["reasons"],
        execution=str(execution_id),
        action=body.get("seq"),
        state=body.get("state"),
        receipt=body.get("receipt"),
    )


def not_granted(
    reasons: list[dict[str, Any]], execution_id: UUID, seq: int, approval_id: str, state: str
) -> CallToolResult:
    """Tell that a person refused, or nobody decided in time."""
    return _error(
        "Refused: " + _sentences(reasons),
        verdict=reasons[0]["effect"] if reasons else "deny",
        code=_code(reasons),
        reasons=reasons,
        execution=str(execution_id),
        action=seq,
        approval={"id": approval_id, "state": state},
    )


def held(reasons: list[dict[str, Any]], execution_id: UUID, seq: int, approval_id: str) -> CallToolResult:
    """Tell that a person has not decided yet."""
    why = f" ({_sentences(reasons)})" if reasons else ""
    return _error(
        f"Waiting for a person{why}. Nothing was done. Call again later with the same arguments: once "
        f"approval {approval_id} is granted, the call goes through.",
        verdict="hold",
        code="approval_pending",
        reasons=reasons,
        execution=str(execution_id),
        action=seq,
        approval={"id": approval_id, "state": "pending"},
    )


def ended(state: str, cause: Any, execution_id: UUID) -> CallToolResult:
    """Tell that the execution of these calls is over."""
    reasons = [cause] if isinstance(cause, dict) else []
    why = f": {_sentences(reasons)}" if reasons else "."
    return _error(
        f"This session's execution is {state}{why} Nothing more is done in it.",
        verdict="halt",
        code="execution_closed",
        reasons=reasons,
        execution=str(execution_id),
        state=state,
    )


def failed(error: DomainError) -> CallToolResult:
    """Tell an error of the gate; nothing was done."""
    return _error(str(error.detail or error.title()), verdict="deny", code=error.code, reasons=[])


def not_done(text: str, code: str, *, execution: UUID | None = None, seq: int | None = None) -> CallToolResult:
    """Tell that nothing came of a call though no rule is against it."""
    told = str(execution) if execution else None
    return _error(text, verdict="allow" if seq else None, code=code, reasons=[], execution=told, action=seq)


def _error(text: str, **members: Any) -> CallToolResult:
    told = {name: value for name, value in members.items() if value is not None}
    return CallToolResult(
        is_error=True, content=[TextContent(type="text", text=text)], structured_content={"waxell": told}
    )


def _sentences(reasons: list[dict[str, Any]]) -> str:
    return " ".join(dict.fromkeys(str(reason["message"]) for reason in reasons)) or "no reason was given."


def _code(reasons: list[dict[str, Any]]) -> str:
    return str(reasons[0]["code"]) if reasons else "refused"
