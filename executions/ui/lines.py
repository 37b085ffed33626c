"""Entries of a record as lines of a timeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from executions.models import Execution
from executions.queries.erasures import Gone, Place
from executions.queries.records import Written
from executions.ui import wording
from executions.ui.causes import Cause, causes
from governance.ui.wording import amount
from waxell.ledger.models import Payload
from waxell.ledger.queries.standings import Standing

CUT: Final = 4096
"""Characters of a content that are shown beside its entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A payload as shown; `href` leads to the whole of it where it was cut, `gone` says what became of it."""

    name: str
    text: str = ""
    size: int = 0
    href: str | None = None
    gone: Gone | None = None

    @property
    def title(self) -> str:
        return title_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry. `verdict` where something was judged, else `word`, `icon` and `tone`.

    `booked` are sentences on what was reserved or settled, `seen` the budgets that were looked at.
    """

    entry: Written
    what: str
    text: str = ""
    word: str = ""
    icon: str = ""
    tone: str = "neutral"
    causes: tuple[Cause, ...] = ()
    marks: tuple[Cause, ...] = ()
    trial: tuple[Cause, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    booked: tuple[str, ...] = ()
    approval: str | None = None
    contents: tuple[Content, ...] = ()
    standing: Standing = Standing.WRITTEN
    anchor: str

    @property
    def verdict(self) -> str | None:
        return self.entry.verdict if self.entry.type == "action.decided" else None

    @property
    def number(self) -> str:
        return str(self.entry.seq)

    @property
    def at(self) -> datetime:
        return self.entry.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is needed to tell entries: whose they are, what is gone, who is who, and whether contents may be seen."""

    execution: Execution
    project_slug: str
    gone: Mapping[Place, Gone]
    people: Mapping[str, str]
    approvals: Mapping[int, str]
    shows_payloads: bool
    standings: Mapping[UUID, Mapping[int, Standing]] = field(default_factory=dict)

    def lines(self, entries: Sequence[Written], *, prefix: str = "e") -> list[Line]:
        """Tell each entry; `prefix` keeps the anchors of two streams on a page apart."""
        return [self._line(entry, f"{prefix}{entry.seq}") for entry in entries]

    def contents(self, entry: Written) -> tuple[Content, ...]:
        """The payloads of an entry as shown to those who may see them; what is gone, and why, is told in any case."""
        there = [self._content(entry, row) for row in entry.payloads] if self.shows_payloads else []
        places = ((entry.stream, entry.seq, name) for name in sorted(entry.body.get("payloads", ())))
        return (*there, *(self._erased(self.gone[place]) for place in places if place in self.gone))

    def _erased(self, gone: Gone) -> Content:
        return Content(name=gone.name, gone=gone if self.shows_payloads else replace(gone, reason=""))

    def _content(self, entry: Written, row: Payload) -> Content:
        content = bytes(row.content)
        text = wording.readable_json(content)
        kwargs = {
            "slug": self.project_slug,
            "execution_id": self.execution.id,
            "stream": entry.stream,
            "seq": entry.seq,
            "name": row.name,
        }
        return Content(
            name=row.name,
            text=text[:CUT],
            size=len(content),
            href=reverse("executions:payload", kwargs=kwargs) if len(text) > CUT else None,
        )

    def _line(self, entry: Written, anchor: str) -> Line:
        tell = _TOLD.get(entry.type, Reader._other)
        return Line(
            entry=entry,
            anchor=anchor,
            contents=self.contents(entry),
            standing=self.standings.get(entry.stream, {}).get(entry.seq, Standing.WRITTEN),
            **tell(self, entry.body, entry.seq),
        )

    def _decided(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        units = {row["budget"]: row["unit"] for row in body["facts"].get("budgets", ())}
        decision = body["decision"]
        return {
            "what": f"{body['action']['kind']} {wording.visible(body['action']['resource'])}",
            "causes": causes(decision["reasons"], units),
            "marks": causes(decision.get("flags", ()), units),
            "trial": causes(decision.get("shadow", ()), units),
            "seen": tuple(
                (row["budget"], wording.budget_numbers(row, row["unit"])) for row in body["facts"].get("budgets", ())
            ),
            "booked": tuple(
                f"{amount(row['unit'], row['amount'])} reserved in {row['budget']}" for row in body["reserved"]
            ),
            "approval": self.approvals.get(seq),
        }

    def _resulted(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        failed = body["status"] == "error"
        usage = body["usage"]
        parts = []
        if usage.get("cost_micros") is not None:
            parts.append(amount("usd", usage["cost_micros"]))
        tokens = (usage.get("tokens_in") or 0) + (usage.get("tokens_out") or 0)
        if tokens:
            parts.append(amount("tokens", tokens))
        if parts:
            parts.append("measured" if usage.get("known") == "measured" else "as the agent says")
        return {
            "word": "Failed" if failed else "Done",
            "icon": "triangle-alert" if failed else "check",
            "tone": "failed" if failed else "neutral",
            "what": f"result of #{body['about']}",
            "text": " · ".join(parts),
            "causes": causes(
                body.get("decision", {}).get("reasons", ()), {row["budget"]: row["unit"] for row in body["settled"]}
            ),
            "booked": tuple(_settled(row) for row in body["settled"]),
        }

    def _late(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        return {**self._resulted(body, seq), "word": "Came late", "icon": "clock", "tone": "warning"}

    def _told_beside(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        return {
            "word": "Told afterwards",
            "icon": "clock",
            "what": body["kind"],
            "text": "The agent told this beside the record; nothing was decided by it.",
        }

    def _fenced(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        return {
            "word": "Turned away",
            "icon": "unplug",
            "what": body["kind"],
            "text": "Somebody wrote who no longer drove this execution.",
        }

    def _claimed(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        return {"word": "Taken", "icon": "workflow", "what": self.actor(body), "text": ""}

    def _voted(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        outcome = body["outcome"]
        tone = {"granted": "allow", "refused": "deny", "expired": "deny"}.get(outcome, "hold")
        voices = [
            f"{self.people.get(vote['person'], 'A person')} said {'yes' if vote['decision'] == 'grant' else 'no'}"
            for vote in body["votes"]
        ]
        return {
            "word": {"pending": "One voice more"}.get(outcome, outcome.capitalize()),
            "icon": {"granted": "circle-check", "refused": "ban", "expired": "clock"}.get(outcome, "user-round"),
            "tone": tone,
            "what": f"request of #{body['about']}",
            "text": "; ".join(voices) + "." if voices else "Nobody decided in time.",
            "causes": causes(body.get("decision", {}).get("reasons", ()), {}) if not voices else (),
            "approval": body["approval"],
        }

    def _reminded(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        return {
            "word": "Reminded",
            "icon": "clock",
            "tone": "hold",
            "what": f"request of #{body['about']}",
            "text": "Half of the time to decide is over.",
            "approval": body["approval"],
        }

    def _escalated(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        return {
            "word": "Asked further",
            "icon": "users-round",
            "tone": "hold",
            "what": f"request of #{body['about']}",
            "text": f"Nobody had decided: the group {wording.visible(body['group'])} is asked as well.",
            "approval": body["approval"],
        }

    def _closed(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        cause = body["cause"] or {}
        return {
            "word": Execution.State(body["outcome"]).label,
            "icon": "check-check" if body["outcome"] == "completed" else "octagon",
            "tone": body["outcome"],
            "what": "The record is closed",
            "text": wording.visible(cause.get("message", "")),
            "booked": tuple(
                f"{amount(row['unit'], row['amount'])} presumed spent in {row['budget']}: nobody said"
                for row in body["presumed"]
            ),
        }

    def _other(self, body: Mapping[str, Any], seq: int) -> dict[str, Any]:
        return {"word": "Noted", "icon": "file-text", "what": str(body.get("type", ""))}

    def actor(self, body: Mapping[str, Any]) -> str:
        """Who did it, as people are called."""
        actor = body.get("actor", {})
        if person := actor.get("person"):
            return self.people.get(person, "a person")
        return f"by worker {actor['worker']}" if actor.get("worker") else ""


_TOLD: Final[dict[str, Callable[[Reader, Mapping[str, Any], int], dict[str, Any]]]] = {
    "action.decided": Reader._decided,
    "action.resulted": Reader._resulted,
    "result.late": Reader._late,
    "write.fenced": Reader._fenced,
    "telemetry.told": Reader._told_beside,
    "execution.claimed": Reader._claimed,
    "approval.voted": Reader._voted,
    "approval.decided": Reader._voted,
    "approval.reminded": Reader._reminded,
    "approval.escalated": Reader._escalated,
    "execution.closed": Reader._closed,
}


def title_of(payload: str) -> str:
    """Return how a payload of this name is called."""
    return "Arguments" if payload == "args" else payload.capitalize()


def people_in(entries: Sequence[Written]) -> set[str]:
    """Ids of the people whom entries name."""
    found = {entry.body.get("actor", {}).get("person") for entry in entries}
    found |= {vote["person"] for entry in entries for vote in entry.body.get("votes", ())}
    return {person for person in found if person}


def _settled(row: Mapping[str, Any]) -> str:
    spent = f"{amount(row['unit'], row['spent'])} spent in {row['budget']}"
    if row["overrun"]:
        return f"{spent}, {amount(row['unit'], row['overrun'])} more than reserved"
    if row["released"]:
        return f"{spent}, {amount(row['unit'], row['released'])} given back"
    return f"{spent}, presumed" if row.get("presumed") else spent
