"""What the verifier found, in words for those who decide on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from executions.ui import wording
from waxell.ledger.services.verifying import Checked, Place

SHOWN: Final = 200
"""Faults that one page names; the program names all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding: the sentence, and its place in the file."""

    text: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A check for reading: what was looked at, what is wrong, what to know, and what this does not show."""

    holds: bool
    subject: str
    checked: tuple[str, ...]
    wrong: tuple[Told, ...]
    more: int
    notes: tuple[Told, ...]
    unchecked: tuple[str, ...]


def tell(found: Checked, *, subject: str, own_keys: bool, old_checkpoint: bool) -> Outcome:
    """Put the verifier's word in sentences. `own_keys`: the keys were this server's own, not the reader's."""
    return Outcome(
        holds=found.holds,
        subject=subject,
        checked=tuple(_checked(found, old_checkpoint)) if found.holds else (),
        wrong=tuple(map(_told, found.faults[:SHOWN])),
        more=found.more + max(0, len(found.faults) - SHOWN),
        notes=tuple(map(_told, found.notes[:SHOWN])),
        unchecked=tuple(_unchecked(found, own_keys, old_checkpoint)),
    )


def _checked(found: Checked, old_checkpoint: bool) -> Iterator[str]:
    seen = found.summary
    for head in seen["checkpoints"]:
        yield _("The seal is genuine: it is signed with the key of %(origin)s and commits to %(size)s entries.") % {
            "origin": wording.visible(head["origin"]),
            "size": f"{head['size']:,}",
        }
    yield ngettext(
        "The one entry in the file is under that seal, unchanged to the last letter.",
        "All %(many)s entries in the file are under that seal, each in its place and unchanged to the last letter.",
        seen["entries"],
    ) % {"many": f"{seen['entries']:,}"}
    if seen["executions"]:
        yield ngettext(
            "The record of the execution runs from its first entry on without a gap; nothing was taken out or put in.",
            "The records of all %(many)s executions run from their first entries on without a gap; nothing was taken "
            "out or put in.",
            seen["executions"],
        ) % {"many": f"{seen['executions']:,}"}
    if seen["closed"]:
        yield ngettext(
            "%(many)s record is closed: its last entry says how many there are, so nothing is missing at its end.",
            "%(many)s records are closed: the last entry of each says how many there are, so nothing is missing at "
            "their ends.",
            seen["closed"],
        ) % {"many": f"{seen['closed']:,}"}
    if seen["leaves"]:
        yield _(
            "No entry of the period is left out: each of the %(many)s that were sealed in it is in the file, or listed "
            "as one of another project (%(hidden)s)."
        ) % {"many": f"{seen['leaves']:,}", "hidden": f"{seen['hidden']:,}"}
    if seen["payloads"]:
        yield ngettext(
            "%(many)s content that agents sent or received is the one that was written down.",
            "%(many)s contents that agents sent or received are the ones that were written down.",
            seen["payloads"],
        ) % {"many": f"{seen['payloads']:,}"}
    if seen["erased"]:
        yield ngettext(
            "%(many)s content was erased, and an entry says by whom: it is not simply missing.",
            "%(many)s contents were erased, and entries say by whom: they are not simply missing.",
            seen["erased"],
        ) % {"many": f"{seen['erased']:,}"}
    if seen["governance_states"]:
        yield _("The rules that the decisions name are in the file, as they were published.")
    if old_checkpoint:
        yield _("The ledger continues the older seal that you gave: nothing under it was changed since.")
    for witness in seen["witnesses"]:
        yield _("%(name)s has signed that they saw this seal.") % {"name": wording.visible(witness)}


def _unchecked(found: Checked, own_keys: bool, old_checkpoint: bool) -> Iterator[str]:
    seen = found.summary
    if own_keys:
        yield _(
            "Whether the key is the right one: this server's own was used. For somebody who does not trust this server "
            "only a check on a machine of their own counts, with a key that reached them by another way."
        )
    yield _(
        "Whether what agents told is true. It shows what was said, decided and recorded, and when; not what happened."
    )
    yield _("Whether the decisions follow from the rules: manage.py replay --bundle derives each of them again.")
    if not old_checkpoint:
        yield _(
            "Whether the whole ledger was replaced by another one. For that, keep a seal from time to time and give it "
            "with the next check."
        )
    if not seen["witnesses"]:
        yield _("Whether anybody else has seen this seal: for that, give the key of a witness with the next check.")
    if seen["executions"] > seen["closed"]:
        yield _(
            "What comes after: a record that is not closed goes on, and could have been cut short before this file."
        )
    if seen["withheld"]:
        yield ngettext(
            "What %(many)s content says: it is withheld from this file. That it was written down is checked.",
            "What %(many)s contents say: they are withheld from this file. That they were written down is checked.",
            seen["withheld"],
        ) % {"many": f"{seen['withheld']:,}"}


def _told(found: Place) -> Told:
    places = []
    if found.entry is not None:
        places.append(_("entry %(number)s") % {"number": found.entry})
    if found.stream is not None:
        places.append(_("record %(id)s") % {"id": wording.visible(found.stream)})
    if found.line is not None:
        places.append(_("line %(number)s of the file") % {"number": found.line})
    return Told(text=wording.visible(found.message[:1000]), place=", ".join(places))
