"""`python -m bench`: floor, bare view and gate in turn, several rounds, one table; then the gate beside the sealer.

Client, server and PostgreSQL share this machine, so a ratio says more than a rate.
"""

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import psycopg

from bench import deciding, floor, load, report, sealing, simulating, stage
from bench import running as executions
from bench.load import Sample
from bench.report import POLICY_CHECK_CONNECTIONS
from bench.ways import measure as ways
from waxell.local.cluster import Cluster

CONNECTIONS = (1, 8, 32)
SUBJECTS = ("floor", "bare", "gate")
EXECUTIONS = 320


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("--quick", action="store_true", help="one round of two seconds each: a glance, not a figure")
    parser.add_argument("--budgets", type=int, default=5, choices=range(13), metavar="0..12")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds = 1, 2
    return given


def main() -> None:
    given = arguments()
    began_at = time.monotonic()
    # Alone on the machine: nothing else runs yet.
    decided = deciding.measure()
    say(began_at, "decisions timed")
    with stage.build() as built:
        running = built.home.path / "running"
        _prepare(running, given.budgets)
        floor.create(built.cluster)
        say(began_at, f"load from {load.generator()}")
        # Paused, it costs nothing: the first table is of a gate that nobody seals beside.
        with built.serving(), sealing.paused(built) as sealer:
            results = _measure(built, running, given, began_at)
            sealed = sealer.catch_up()
            sealer.pause()
            pairs = _compare(built, sealer, running, given, began_at)
            sealer.catch_up()
            verified = sealing.verify_bundles()
            say(began_at, "bundles verified")
            one, *_ = executions.read(running)
            added = ways.measure(built, one, seconds=given.seconds, say=lambda line: say(began_at, line))
            checks = _sample(built, running, "check", POLICY_CHECK_CONNECTIONS, given.seconds)
        # After the server is gone: the two task processes have the machine to themselves.
        tried = simulating.measure(built)
        say(began_at, "draft tried")
        _check(built.cluster, results, pairs)
        postgresql = stage.versions(built.cluster)
    print(f"\n{report.machine()}\n{report.programs(postgresql)}")
    print(f"{given.budgets} budgets, 20 rules, {EXECUTIONS} running executions; web server as in `manage.py up`;")
    print(f"fsync on, synchronous commit; medians of {given.rounds} interleaved rounds of {given.seconds:g} s\n")
    print(report.table(results))
    print(f"\n{report.goals(results)}\n")
    print(f"{report.deciding(decided)}\n")
    print(report.sealing(pairs, sealed, verified))
    print(f"\n{report.ways(added, checks)}")
    print(f"\n{report.simulating(tried)}")
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        kept = [
            {"subject": subject, "connections": connections, "samples": [asdict(sample) for sample in samples]}
            for (subject, connections), samples in results.items()
        ]
        document = {
            "gate": kept,
            "decided": [asdict(one) for one in decided],
            "beside_sealer": [asdict(pair) for pair in pairs],
            "sealed": asdict(sealed),
            "verified": asdict(verified),
            "ways": [asdict(one) for one in added],
            "policy_check": asdict(checks),
            "simulated": [asdict(one) for one in tried],
        }
        given.json.write_text(json.dumps(document, indent=1))


def _prepare(running: Path, budget_count: int) -> None:
    """Set Django up as the application role and write the scene's executions to a file."""
    import django
    from django.db import connections

    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()
    from bench import scene

    executions.write(scene.prepare(budget_count=budget_count, execution_count=EXECUTIONS), running)
    connections.close_all()


def _measure(
    built: stage.Stage, running: Path, given: argparse.Namespace, began_at: float
) -> dict[tuple[str, int], list[Sample]]:
    results: dict[tuple[str, int], list[Sample]] = {
        (subject, connections): [] for subject in SUBJECTS for connections in CONNECTIONS
    }
    # Cold backends, caches and plans would be measured otherwise; every thread of the server meets every road.
    for subject in SUBJECTS:
        _sample(built, running, subject, 32, 2)
    for number in range(given.rounds):
        for connections in CONNECTIONS:
            for subject in SUBJECTS:
                _sample(built, running, subject, connections, 1)
                results[subject, connections].append(_sample(built, running, subject, connections, given.seconds))
        say(began_at, f"round {number + 1} of {given.rounds}")
    return results


def _compare(
    built: stage.Stage, sealer: sealing.Sealer, running: Path, given: argparse.Namespace, began_at: float
) -> list[sealing.Pair]:
    pairs = []
    for number in range(given.rounds):
        pairs.append(sealer.compare(lambda: _sample(built, running, "gate", sealing.CONNECTIONS, given.seconds)))
        say(began_at, f"round {number + 1} of {given.rounds} beside the sealer")
    return pairs


def _sample(built: stage.Stage, running: Path, subject: str, connections: int, seconds: int) -> Sample:
    if subject == "floor":
        return load.of_latencies(*floor.measure(built.cluster, connections=connections, seconds=seconds))
    question = {"bare": executions.BARE, "check": executions.POLICY_CHECK}.get(subject, executions.ACTION)
    return load.measure(built.url, running, question, connections=connections, seconds=seconds)


def _check(cluster: Cluster, results: dict[tuple[str, int], list[Sample]], pairs: list[sealing.Pair]) -> None:
    """Refuse to print figures of a run in which something else happened than was meant."""
    compared = [sample for pair in pairs for sample in (*pair.without, *pair.beside)]
    failed = sum(sample.failed for samples in (*results.values(), compared) for sample in samples)
    if failed:
        raise SystemExit(f"{failed} requests failed: these are no figures.")
    gate = [sample for (subject, _), samples in results.items() if subject == "gate" for sample in samples]
    answered = sum(sample.done for sample in (*gate, *compared))
    with psycopg.connect(cluster.superuser("waxell").conninfo()) as connection:
        row = connection.execute(
            "select count(*) filter (where verdict = 'allow'), count(*) from waxell.ledger_entry"
            " where type = 'action.decided'"
        ).fetchone()
    assert row is not None
    # Warming up and the executions' own admissions are in the ledger too.
    if row[0] < answered or row[0] != row[1]:
        raise SystemExit(f"{answered} actions were answered, {row[0]} of {row[1]} recorded as allowed.")


def say(began_at: float, line: str) -> None:
    print(f"{time.monotonic() - began_at:6.1f} s  {line}", flush=True)


if __name__ == "__main__":
    main()
