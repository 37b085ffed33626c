"""The floor: one statement per commit that reserves on one of 1,000 rows and inserts a 600-byte row.

As anybody would write it with psycopg: a thread and a connection each, `connection.execute`, which
prepares the statement by itself. It runs as a program of its own, beside nothing else of Python's,
and prints its latencies as packed floats.
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
    command = [sys.executable, "-m", "bench.floor", str(seconds), str(connections)]
    environ = os.environ | {"BENCH_FLOOR": cluster.superuser(DATABASE).conninfo()}
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environ, check=True)
    taken = array.array("d")
    taken.frombytes(done.stdout)
    return len(taken) / seconds, sorted(taken)


def main(seconds: float, connections: int) -> None:
    """Connect, warm up, run for `seconds`, and print what each operation took, in ms."""
    sessions = [psycopg.connect(os.environ["BENCH_FLOOR"], autocommit=True) for _ in range(connections)]
    taken = [array.array("d") for _ in sessions]
    for session in sessions:
        for _ in range(10):
            session.execute(STATEMENT, (0, b"-" * BYTES))
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
    while (began := time.perf_counter()) < until:
        session.execute(STATEMENT, (chance.randrange(ROWS), body))
        taken.append((time.perf_counter() - began) * 1000)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
