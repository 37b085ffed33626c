"""The queue inside PostgreSQL: pgmq's SQL, installed without an extension and without a superuser."""

from importlib.resources import files

import psycopg

from waxell.lib.database_url import DatabaseAddress


def install(address: DatabaseAddress) -> None:
    """Install pgmq unless it is there. Its owner is the role in `address`, the only one that may declare queues."""
    with psycopg.connect(address.conninfo()) as connection:
        row = connection.execute("select to_regclass('pgmq.meta') is not null").fetchone()
        if row is not None and not row[0]:
            script = (files("pgmq.sql") / "pgmq.sql").read_bytes()
            connection.execute(script)
