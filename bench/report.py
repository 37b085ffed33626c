"""The table that is printed, and the machine it is about."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.deciding import RULES, Decided
from bench.load import Sample
from bench.sealing import CONNECTIONS, Handled, Pair
from bench.simulating import Simulated
from bench.ways.measure import Added

type Results = Mapping[tuple[str, int], Sequence[Sample]]

SUBJECTS = {"floor": "PostgreSQL, one statement", "bare": "bare Django view", "gate": "governed action"}
RATIO_AT_32 = 0.15
P50_AT_1 = 8.0
DECISION_P99 = 1.0
SHARE_BESIDE_SEALER = 0.9
POLICY_CHECK_CONNECTIONS = 8
GATE_SECONDS = 2.0
SIMULATED_A_SECOND = 5_000
SHARE_OF_GATE = 0.1


def table(results: Results) -> str:
    """Medians over the rounds; ratios are medians of each round's own ratio to its floor."""
    lines = [f"{'':26} {'conns':>5} {'ops/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'x floor':>8} {'p50 x':>7}"]
    for (subject, connections), samples in results.items():
        figures = [median(getattr(sample, name) for sample in samples) for name in ("rate", "p50", "p95", "p99")]
        lines.append(
            f"{SUBJECTS[subject]:26} {connections:5} {figures[0]:8,.0f} {figures[1]:8.2f} {figures[2]:8.2f}"
            f" {figures[3]:8.2f} {rate_ratio(results, subject, connections):8.3f}"
            f" {p50_ratio(results, subject, connections):7.1f}"
        )
    return "\n".join(lines)


def goals(results: Results) -> str:
    """What is promised, and what was measured."""
    at_32, at_1 = rate_ratio(results, "gate", 32), p50_ratio(results, "gate", 1)
    return (
        f"goal: at 32 connections at least {RATIO_AT_32} of the floor: {at_32:.3f} {_met(at_32 >= RATIO_AT_32)}\n"
        f"goal: p50 at one connection at most {P50_AT_1:g} x the floor's: {at_1:.1f} {_met(at_1 <= P50_AT_1)}"
    )


def deciding(decided: Sequence[Decided]) -> str:
    """What the rules themselves take of an action, whichever way it goes through them."""
    lines = [f"{f'one decision, {RULES} rules in force':40} {'a second':>10} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"]
    lines += [
        f"{one.what:40} {one.sample.rate:10,.0f} {one.sample.p50:8.3f} {one.sample.p95:8.3f} {one.sample.p99:8.3f}"
        for one in decided
    ]
    worst = max(one.sample.p99 for one in decided)
    lines.append(f"goal: p99 under {DECISION_P99:g} ms in each case: {worst:.3f} {_met(worst < DECISION_P99)}")
    return "\n".join(lines)


def sealing(pairs: Sequence[Pair], sealed: Handled, verified: Handled) -> str:
    """What sealing costs the gate, and what an entry costs who seals or verifies it."""
    lines = [f"{'':40} {'conns':>5} {'ops/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"]
    for subject, samples in (
        ("governed action, sealer stopped", [sample for pair in pairs for sample in pair.without]),
        ("governed action, sealer running", [sample for pair in pairs for sample in pair.beside]),
    ):
        figures = [median(getattr(sample, name) for sample in samples) for name in ("rate", "p50", "p95", "p99")]
        lines.append(
            f"{subject:40} {CONNECTIONS:5} {figures[0]:8,.0f} {figures[1]:8.2f} {figures[2]:8.2f} {figures[3]:8.2f}"
        )
    lines.append(f"\n{'':40} {'entries':>9} {'a second':>10} {'us of CPU each':>15}")
    for subject, handled in (("sealed and published, catching up", sealed), ("verified offline, in bundles", verified)):
        lines.append(f"{subject:40} {handled.entries:9,} {handled.rate:10,.0f} {handled.microseconds:15.1f}")
    share = median(pair.share for pair in pairs)
    lines.append(
        f"\ngoal: beside a running sealer at least {SHARE_BESIDE_SEALER:g} of the rate without:"
        f" {share:.3f} {_met(share >= SHARE_BESIDE_SEALER)}"
    )
    return "\n".join(lines)


def simulating(tried: Sequence[Simulated]) -> str:
    """How fast the workers try a draft on what was decided."""
    lines = [
        f"{'a draft tried on recorded decisions':40} {'decisions':>10} {'changed':>9} {'seconds':>9} {'a second':>10}"
    ]
    lines += [
        f"{one.what:40} {one.decisions:10,} {one.changed:9,} {one.seconds:9.2f} {one.rate:10,.0f}" for one in tried
    ]
    slowest = min(one.rate for one in tried)
    met = _met(slowest >= SIMULATED_A_SECOND)
    lines.append(f"goal: at least {SIMULATED_A_SECOND:,} decisions a second: {slowest:,.0f} {met}")
    return "\n".join(lines)


def ways(added: Sequence[Added], checks: Sample) -> str:
    """What a governed call takes beside the same call plain, to a server that answers at once."""
    lines = [f"{'one call, medians':32} {'plain ms':>9} {'governed ms':>12} {'added ms':>9} {'ratio':>7}"]
    lines += [
        f"{one.way:32} {one.plain:9.2f} {one.governed:12.2f} {one.governed - one.plain:9.2f} {one.ratio:7.1f}"
        for one in added
    ]
    share = checks.p99 / (GATE_SECONDS * 1000)
    lines.append(
        f"\npolicy-check of waxell-observe at {POLICY_CHECK_CONNECTIONS} connections: {checks.rate:,.0f} a second,"
        f" p50 {checks.p50:.2f} ms, p99 {checks.p99:.2f} ms\n"
        f"goal: p99 at most {SHARE_OF_GATE:g} of that client's time-out of {GATE_SECONDS:g} s:"
        f" {share:.3f} {_met(share <= SHARE_OF_GATE)}"
    )
    return "\n".join(lines)


def rate_ratio(results: Results, subject: str, connections: int) -> float:
    pairs = zip(results[subject, connections], results["floor", connections], strict=True)
    return median(sample.rate / floor.rate for sample, floor in pairs)


def p50_ratio(results: Results, subject: str, connections: int) -> float:
    pairs = zip(results[subject, connections], results["floor", connections], strict=True)
    return median(sample.p50 / floor.p50 for sample, floor in pairs)


def machine() -> str:
    """Processor, cores and memory."""
    names = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    model = names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
    gigabytes = f", {memory[0] / 1024**2:.0f} GiB" if memory else ""
    return f"{model}, {os.cpu_count()} cores{gigabytes}, {platform.system()} {platform.release()}"


def programs(postgresql: str) -> str:
    """Versions of what takes part."""
    named = [f"{name} {version(name)}" for name in ("Django", "granian", "psycopg", "cedarpy")]
    return ", ".join([f"Python {platform.python_version()}", f"PostgreSQL {postgresql}", *named])


def _met(yes: bool) -> str:
    return "met" if yes else "MISSED"


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text().splitlines()
    except OSError:
        return []
