"""A policy's text as a list of rules that can be changed one by one, everything else left byte for byte.

What stands directly above a rule (comments without an empty line between) and behind it on its last line belongs to the
rule and goes where it goes. What stands further above, a heading for instance, stays where it is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self

from governance.domain.cedar_text import comments, split

_TAIL: Final = re.compile(r"[ \t]*(?://[^\n]*)?(?=\n|\Z)")
_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?=\n)|\A(?=\n)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStatement:
    """One rule: `apart` stands above it and stays, `lead` and `tail` belong to it."""

    apart: str
    lead: str
    text: str
    tail: str

    @property
    def body(self) -> str:
        return self.lead + self.text + self.tail


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDocument:
    """The rules of a text in order, and what stands below the last one."""

    rules: tuple[PlacedStatement, ...]
    end: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Take a text apart. Raises TextRefused beyond the limits of a policy."""
        rules: list[PlacedStatement] = []
        at = 0
        for statement in split(text):
            above = text[at : statement.start]
            cut = max((match.end() for match in _BLANK_LINES.finditer(above)), default=-1)
            cut = len(above) - len(above.lstrip()) if cut < 0 else cut + len(above[cut:]) - len(above[cut:].lstrip())
            stop = statement.start + len(statement.text)
            tail = _TAIL.match(text, stop)
            tail_text = tail.group() if tail else ""
            rules.append(
                PlacedStatement(apart=above[:cut], lead=above[cut:], text=statement.text, tail=tail_text.rstrip(" \t"))
            )
            at = stop + len(rules[-1].tail)
        return cls(rules=tuple(rules), end=text[at:])

    @property
    def text(self) -> str:
        made = ""
        for rule in self.rules:
            made = _joined(_joined(made, rule.apart), rule.body)
        return _joined(made, self.end)

    def rewritten(self, index: int, text: str) -> Self:
        """Put `text` in the place of a rule. Comments from inside of the old text stay above it."""
        old = self.rules[index]
        kept = "".join(f"{comment}\n" for comment in comments(old.text))
        return self._with(index, replace(old, lead=old.lead + kept, text=text))

    def added(self, text: str) -> Self:
        """Put a rule below all others."""
        if not self.rules:
            kept = self.end if not self.end or self.end.endswith("\n") else self.end + "\n"
            return replace(self, rules=(PlacedStatement(apart=kept, lead="", text=text, tail=""),), end="\n")
        below = PlacedStatement(apart="\n\n", lead="", text=text, tail="")
        if not self.end.strip():
            return replace(self, rules=(*self.rules, below), end=self.end or "\n")
        below = replace(below, apart=self.end.rstrip("\n") + "\n\n")
        return replace(self, rules=(*self.rules, below), end="\n")

    def without(self, index: int) -> Self:
        """Take a rule out, with the comments that belong to it."""
        rules = list(self.rules)
        gone = rules.pop(index)
        heading = gone.apart if gone.apart.strip() or index == 0 else ""
        if index < len(rules):
            after = rules[index]
            rules[index] = replace(after, apart=heading + after.apart.lstrip("\n") if heading else after.apart)
            return replace(self, rules=tuple(rules))
        return replace(self, rules=tuple(rules), end=heading + self.end.lstrip("\n") if heading else self.end)

    def moved(self, index: int, to: int) -> Self:
        """Let a rule stand at another place of the list; the others close up."""
        bodies = list(self.rules)
        bodies.insert(to, bodies.pop(index))
        placed = (replace(body, apart=place.apart) for place, body in zip(self.rules, bodies, strict=True))
        return replace(self, rules=tuple(placed))

    def _with(self, index: int, rule: PlacedStatement) -> Self:
        rules: Iterable[PlacedStatement] = (rule if at == index else old for at, old in enumerate(self.rules))
        return replace(self, rules=tuple(rules))


def _joined(above: str, below: str) -> str:
    """A comment ends with its line: whatever comes to stand behind one begins on the next."""
    last = above.rpartition("\n")[2]
    needs_line = bool(below) and not below.startswith("\n") and bool(comments(last))
    return f"{above}\n{below}" if needs_line else above + below
