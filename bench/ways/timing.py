"""Calls in turn, plain and governed, and what each took. Uses the standard library only: every environment has it."""

import json
import os
import time
from collections.abc import Awaitable, Callable

WORK = os.environ.get("BENCH_WORK", "")
"""Where the work is done, without a slash at the end."""

WARM_CALLS = 20


def compare(plain: Callable[[], object], governed: Callable[[], object]) -> None:
    """Call both in turn for BENCH_SECONDS and print their times in ms as JSON."""
    taken: dict[str, list[float]] = {"plain": [], "governed": []}
    for _ in range(WARM_CALLS):
        plain()
        governed()
    until = time.perf_counter() + float(os.environ["BENCH_SECONDS"])
    while time.perf_counter() < until:
        for name, call in (("plain", plain), ("governed", governed)):
            began = time.perf_counter()
            call()
            taken[name].append((time.perf_counter() - began) * 1000)
    print(json.dumps(taken), flush=True)


async def compare_async(plain: Callable[[], Awaitable[object]], governed: Callable[[], Awaitable[object]]) -> None:
    """As `compare`, in an event loop."""
    taken: dict[str, list[float]] = {"plain": [], "governed": []}
    for _ in range(WARM_CALLS):
        await plain()
        await governed()
    until = time.perf_counter() + float(os.environ["BENCH_SECONDS"])
    while time.perf_counter() < until:
        for name, call in (("plain", plain), ("governed", governed)):
            began = time.perf_counter()
            await call()
            taken[name].append((time.perf_counter() - began) * 1000)
    print(json.dumps(taken), flush=True)
