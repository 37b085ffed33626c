"""The queue inside PostgreSQL: pgmq's SQL, installed without an extension and without a superuser."""

from importlib.resources import files

import psycopg

from waxell.lib.database_url import DatabaseAddress
from waxell.local.errors import CannotStart


def install(address: DatabaseAddress) -> None:
    """Install pgmq unless it is there. Its owner is the role in `address`, the only one that may declare queues."""
    script = (files("pgmq") / "sql" / "pgmq.sql").read_bytes()
    try:
        with psycopg.connect(address.conninfo()) as connection:
            row = connection.execute("select to_regclass('pgmq.meta') is not null").fetchone()
            if row is not None and not row[0]:
                connection.execute(script)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CannotStart(
            f"{address.user} may not install the queue in database {address.name}: set CELERY_BROKER_URL to a broker."
        ) from error
    except psycopg.OperationalError as error:
        raise CannotStart(f"The database cannot be reached: {str(error).splitlines()[-1].strip()}") from error
