"""Requests over HTTP: by wrk where it is installed, else by threads of our own, which cost more CPU."""

import http.client
import json
import os
import shutil
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench import running as executions
from bench.running import Question

SCRIPT = Path(__file__).with_name("actions.lua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement: operations a second, latencies in ms, how many were done and how many failed."""

    rate: float
    p50: float
    p95: float
    p99: float
    done: int
    failed: int = 0


def generator() -> str:
    """Which load generator is used."""
    return "wrk" if shutil.which("wrk") else "bundled Python threads (wrk is not installed)"


def measure(url: str, running: Path, question: Question, *, connections: int, seconds: float) -> Sample:
    """Ask about the executions in turn."""
    run = _wrk if shutil.which("wrk") else _threads
    return run(url, running, question, connections, seconds)


def of_latencies(rate: float, latencies: list[float]) -> Sample:
    """A sample from sorted latencies in ms."""

    def at(share: float) -> float:
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))]

    return Sample(rate=rate, p50=at(0.5), p95=at(0.95), p99=at(0.99), done=len(latencies))


def _wrk(url: str, running: Path, question: Question, connections: int, seconds: float) -> Sample:
    threads = min(connections, 2)
    environ = os.environ | {
        "BENCH_RUNNING": str(running),
        "BENCH_PATH": question.path,
        "BENCH_BODY": question.body,
        "BENCH_ROUND": uuid.uuid4().hex[:12],
        "BENCH_THREADS": str(threads),
    }
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout=10s", f"-s{SCRIPT}", url]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return Sample(
        rate=told["requests"] * 1e6 / told["microseconds"],
        p50=told["p50"] / 1000,
        p95=told["p95"] / 1000,
        p99=told["p99"] / 1000,
        done=told["requests"],
        failed=told["failed"],
    )


def _threads(url: str, running: Path, question: Question, connections: int, seconds: float) -> Sample:
    everyone = executions.read(running)
    share = len(everyone) // connections
    latencies: list[float] = []
    failures: list[int] = []

    def act(mine: list[executions.Running]) -> None:
        line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        taken, failed, run = [], 0, uuid.uuid4().hex[:12]
        while (began := time.perf_counter()) < until:
            one = mine[len(taken) % len(mine)]
            headers = {
                "Authorization": f"Bearer {one.key}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"{run}-{len(taken)}",
            }
            line.request("POST", *question.about(one), headers)
            answer = line.getresponse()
            answer.read()
            taken.append((time.perf_counter() - began) * 1000)
            failed += answer.status >= 400
        latencies.extend(taken)
        failures.append(failed)

    until = time.perf_counter() + seconds
    parts = [everyone[number * share : (number + 1) * share] for number in range(connections)]
    threads = [threading.Thread(target=act, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sample = of_latencies(len(latencies) / seconds, sorted(latencies))
    return Sample(
        rate=sample.rate, p50=sample.p50, p95=sample.p95, p99=sample.p99, done=sample.done, failed=sum(failures)
    )
