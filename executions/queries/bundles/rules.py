"""The rules of a bundle: every governance state that its entries name, and the entries that put them there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from executions.queries.bundles.lines import Lines
from governance.models import GovernanceState, PolicyVersion
from waxell.ledger.domain.entries import name_digest, raw_digest
from waxell.ledger.models import Entry
from waxell.lib.db.calls import call

_STATES: Final = """
SELECT DISTINCT e.project_id, e.state FROM ledger_leaf l JOIN ledger_entry e
    ON e.project_id = l.project_id AND e.stream = l.stream AND e.seq = l.seq
 WHERE l.stream = ANY (%s::uuid[]) AND e.state IS NOT NULL
 ORDER BY e.project_id, e.state
"""
_TOOLS_SPEAK: Final = ("tool.registered", "tool.changed")


@dataclass(slots=True, kw_only=True)
class Rules:
    """Manifests and policy texts by digest; `seqs` are the governance entries behind them, by project."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    seqs: dict[UUID, set[int]] = field(default_factory=lambda: defaultdict(set))

    def write(self, lines: Lines) -> None:
        """Write states and texts, in the order of their digests."""
        for digest, content in sorted(self.manifests.items()):
            lines.add("state", digest=digest, manifest=content.decode(errors="replace"))
        for digest, text in sorted(self.texts.items()):
            lines.add("policy", digest=digest, text=text)


def rules_of(streams: Sequence[UUID]) -> Rules:
    """Return the rules under which the sealed entries of executions and their addenda were written."""
    named: dict[UUID, list[bytes]] = defaultdict(list)
    for row in call(_STATES, (list(streams),)):
        named[row.project_id].append(row.state)
    rules = Rules()
    for project_id, digests in named.items():
        _add_project(rules, project_id, digests)
    return rules


def _add_project(rules: Rules, project_id: UUID, digests: Sequence[bytes]) -> None:
    policies: set[str] = set()
    schemas: set[str] = set()
    for state in GovernanceState.objects.filter(project=project_id, digest__in=digests).order_by("number").iterator():
        digest, content = name_digest(state.digest) or "", bytes(state.manifest)
        rules.seqs[project_id].add(state.entry_seq)
        if digest not in rules.manifests:
            manifest: dict[str, Any] = orjson.loads(content)
            rules.manifests[digest] = content
            policies.update(policy["digest"] for policy in manifest["policies"])
            schemas.update(manifest["tool_schemas"].values())
    versions = PolicyVersion.objects.filter(policy__project=project_id, digest__in=[raw_digest(d) for d in policies])
    for raw, text in versions.order_by("-number", "-id").values_list("digest", "text"):
        rules.texts[name_digest(raw) or ""] = text
    rules.seqs[project_id] |= _defining(project_id, schemas)


def _defining(project_id: UUID, schemas: set[str]) -> set[int]:
    """Return the first entry that defines each of `schemas`: typed arguments are read again by them."""
    found: dict[str, int] = {}
    if not schemas:
        return set()
    entries = Entry.objects.filter(project_id=project_id, stream=project_id, type__in=_TOOLS_SPEAK)
    for seq, body in entries.order_by("seq").values_list("seq", "body").iterator():
        line = orjson.loads(bytes(body))
        if line.get("schema") in schemas and line.get("definition") is not None:
            found.setdefault(line["schema"], seq)
    return set(found.values())
