"""One leader among several processes that could do the same work."""

from contextlib import suppress
from typing import Any

import psycopg
from django.db import connections


class Leadership:
    """The right to lead, as a session lock of PostgreSQL: it ends with the process that holds it.

    It needs a connection of its own that goes straight to PostgreSQL: a transaction pooler would
    hand the session to others.
    """

    def __init__(self, name: str, *, using: str = "default") -> None:
        self._name = name
        self._using = using
        self._session: psycopg.Connection[Any] | None = None
        self._leads = False

    def held(self) -> bool:
        """Tell whether this process leads, trying to if it does not. Never raises, never waits for another."""
        try:
            if self._session is None:
                self._session = self._connect()
            # The lock lives as long as the session, so a leader only proves that its session does.
            question = "SELECT true" if self._leads else "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
            row = self._session.execute(question, None if self._leads else [f"waxell.leader:{self._name}"]).fetchone()
            self._leads = row is not None and bool(row[0])
        except psycopg.Error:
            self.resign()
        return self._leads

    def resign(self) -> None:
        """Let another lead, from now on: a session that is only closed still holds its lock for a moment."""
        if self._session is not None:
            with suppress(psycopg.Error):
                self._session.execute("SELECT pg_advisory_unlock_all()")
            self._session.close()
        self._session, self._leads = None, False

    def _connect(self) -> psycopg.Connection[Any]:
        parameters = connections[self._using].get_connection_params()
        ours = {name: value for name, value in parameters.items() if name not in ("cursor_factory", "context")}
        return psycopg.connect(**ours, autocommit=True)
