"""The floor: one statement per commit that reserves on one of 1,000 rows and inserts a 600-byte row.

Run as a program it measures one process's share and prints its latencies as packed floats:
Python's own lock would otherwise be measured instead of PostgreSQL.
"""

import array
import os
import random
import subprocess
import sys
import threading
import time

import psycopg

from waxell.local.cluster import Cluster

DATABASE = "floor"
ROWS = 1000
BYTES = 600
TABLES = """
    create table counter (id int primary key, reserved bigint not null, most bigint not null) with (fillfactor = 40);
    create table line (id bigint generated always as identity primary key, counter int not null, body bytea not null);
"""
FILL = "insert into counter select id, 0, 1000000000000 from generate_series(0, %s) as id"
STATEMENT = """
    with taken as (
        update counter set reserved = reserved + 1 where id = %s and reserved + 1 <= most returning id
    )
    insert into line (counter, body) select id, %s from taken
"""


def create(cluster: Cluster) -> None:
    """Make the floor's database beside the product's, on the same server."""
    with psycopg.connect(cluster.superuser().conninfo(), autocommit=True) as connection:
        connection.execute(f"create database {DATABASE}")
    with psycopg.connect(cluster.superuser(DATABASE).conninfo()) as connection:
        connection.execute(TABLES)
        connection.execute(FILL, [ROWS - 1])


def measure(cluster: Cluster, *, connections: int, seconds: float) -> tuple[float, list[float]]:
    """Operations a second and sorted latencies in ms, over as many connections."""
    parts = min(connections, os.cpu_count() or 1)
    command = [sys.executable, "-m", "bench.floor", str(seconds)]
    shares = [connections // parts + (number < connections % parts) for number in range(parts)]
    environ = os.environ | {"BENCH_FLOOR": cluster.superuser(DATABASE).conninfo()}
    started = [
        subprocess.Popen([*command, str(share)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, env=environ)
        for share in shares
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.read(1)
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"g")
        process.stdin.flush()
    taken = array.array("d")
    for process in started:
        out, _ = process.communicate()
        if process.returncode != 0:
            raise RuntimeError("A part of the floor failed.")
        taken.frombytes(out)
    return len(taken) / seconds, sorted(taken)


def main(seconds: float, connections: int) -> None:
    """Connect, say so, wait to be told, then run for `seconds`."""
    sessions = [psycopg.connect(os.environ["BENCH_FLOOR"], autocommit=True) for _ in range(connections)]
    taken = [array.array("d") for _ in sessions]
    for session in sessions:
        _once(session)
    sys.stdout.buffer.write(b"r")
    sys.stdout.buffer.flush()
    sys.stdin.buffer.read(1)
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=_run, args=(session, mine, until))
        for session, mine in zip(sessions, taken, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for mine in taken:
        sys.stdout.buffer.write(mine.tobytes())


def _run(session: psycopg.Connection, taken: "array.array[float]", until: float) -> None:
    body = os.urandom(BYTES)
    chance = random.Random()  # noqa: S311
    with session.cursor(binary=True) as cursor:
        while (began := time.perf_counter()) < until:
            cursor.execute(STATEMENT, (chance.randrange(ROWS), body), prepare=True)
            taken.append((time.perf_counter() - began) * 1000)


def _once(session: psycopg.Connection) -> None:
    session.execute(STATEMENT, (0, b"-" * BYTES), prepare=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
