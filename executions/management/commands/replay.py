"""Derives recorded decisions again and compares them byte for byte, from the database or from a bundle."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from executions.domain.replaying import Outcome
from executions.models import Execution
from executions.queries.bundles.replaying import BundleUnreadable, replay_bundle
from executions.queries.replays import Replayed, replay_decisions
from waxell.ledger.verifier import verify_bundle
from waxell.lib.db.snapshots import one_snapshot
from waxell.lib.times import parse_time


class Command(BaseCommand):
    help = "Replay decisions. Ends with 1 where one comes out differently; erased facts are named, not counted so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("execution", nargs="?", type=UUID, help="only this execution")
        parser.add_argument("--since", type=parse_time, metavar="TIME", help="decided since (RFC 3339)")
        parser.add_argument("--until", type=parse_time, metavar="TIME", help="decided before")
        parser.add_argument("--sample", type=int, metavar="N", help="so many, drawn by chance")
        parser.add_argument("--bundle", type=Path, metavar="FILE", help="a bundle, without any database")
        parser.add_argument("--key", metavar="KEY", help="check the bundle with this verifier key first")

    def handle(
        self,
        *,
        execution: UUID | None,
        since: datetime | None,
        sample: int | None,
        bundle: Path | None,
        **options: Any,
    ) -> None:
        """Print each decision that cannot be derived again or comes out differently, and how many did not."""
        if sum(given is not None for given in (execution, since or sample, bundle)) != 1:
            raise CommandError("Name an execution, or --since, or --sample, or a --bundle.")
        if bundle is not None:
            counts = self._bundle(bundle, options["key"])
        else:
            if execution is not None and not Execution.objects.filter(pk=execution).exists():
                raise CommandError(f"There is no execution {execution}.")
            with one_snapshot():
                counts = self._tell(
                    replay_decisions(execution=execution, since=since, until=options["until"], sample=sample)
                )
        self.stdout.write(
            f"{counts.total()} decisions: {counts[Outcome.SAME]} the same, {counts[Outcome.DIFFERENT]} different,"
            f" {counts[Outcome.ERASED]} whose facts are gone."
        )
        if counts[Outcome.DIFFERENT]:
            raise CommandError("Not every decision follows from its facts and rules.", returncode=1)

    def _bundle(self, path: Path, key: str | None) -> Counter[Outcome]:
        try:
            with path.open("rb") as file:
                if key is None:
                    self.stderr.write("The bundle was not checked: give --key, or run verify_bundle.py first.")
                else:
                    report = verify_bundle.verify(file, keys=verify_bundle.read_keys([key]), unfinished=True)
                    if not report.holds:
                        raise CommandError(f"The bundle does not hold: {report.faults[0]}", returncode=1)
                return self._tell(replay_bundle(file))
        except (OSError, BundleUnreadable, verify_bundle.Malformed) as error:
            raise CommandError(str(error)) from error

    def _tell(self, replays: Iterator[Replayed]) -> Counter[Outcome]:
        counts: Counter[Outcome] = Counter()
        for replayed in replays:
            outcome = replayed.replay.outcome
            counts[outcome] += 1
            if outcome is not Outcome.SAME:
                self.stdout.write(
                    f"{outcome:9} execution {replayed.execution} entry {replayed.seq}: {replayed.replay.detail}"
                )
        return counts
