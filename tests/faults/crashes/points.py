"""Every point at which the gate can die, found by looking at what it does rather than listed by hand.

Inside PostgreSQL: before each row that a call writes, and before each commit (`before insert of
ledger_entry`, `before commit`). On the way there: each exchange of messages, whose question may not
arrive or whose answer may not come back; an answer is lost after the commit it tells of. The product
knows nothing of either: the first are triggers that only a test's database has, the second a socket
between the application and its server.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

# `crash.at` of a session is the number of the point at which its server process ends; 0 only counts.
_TRIGGER = """
CREATE FUNCTION public.crash_point() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    at     int := nullif(current_setting('crash.at', true), '')::int;
    passed int := coalesce(nullif(current_setting('crash.passed', true), ''), '0')::int + 1;
BEGIN
    IF at IS NOT NULL AND current_setting('crash.committing', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        IF TG_ARGV[0] = 'commit' THEN
            PERFORM set_config('crash.committing', pg_current_xact_id()::text, false);
        END IF;
        PERFORM set_config('crash.passed', passed::text, false);
        RAISE NOTICE 'crash point: before %', TG_ARGV[0];
        IF passed = at THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
            PERFORM pg_sleep(10);
        END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
"""
_NOTICE = "crash point: "
_READY = b"Z\x00\x00\x00\x05"


class Rows:
    """The points inside PostgreSQL. `superuser` may end any session, also its own."""

    def __init__(self, superuser: psycopg.Connection) -> None:
        self._superuser = superuser
        self.passed: list[str] = []
        self._tables = [
            row[0]
            for row in superuser.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'waxell'").fetchall()
        ]

    def install(self) -> None:
        """Put a trigger on every table. PostgreSQL fires them by name: these come first."""
        self._superuser.execute(_TRIGGER)
        for table in self._tables:
            name = sql.Identifier("waxell", table)
            for event in ("INSERT", "UPDATE", "DELETE"):
                self._superuser.execute(
                    sql.SQL(
                        "CREATE TRIGGER {} BEFORE {} ON {} FOR EACH ROW EXECUTE FUNCTION public.crash_point({})"
                    ).format(
                        sql.Identifier(f"aa_crash_{event.lower()}"),
                        sql.SQL(event),  # type: ignore[arg-type]
                        name,
                        sql.Literal(f"{event.lower()} of {table}"),
                    )
                )
            # Deferred to the commit, where the first of them speaks for all.
            self._superuser.execute(
                sql.SQL(
                    "CREATE CONSTRAINT TRIGGER zz_crash_commit AFTER INSERT OR UPDATE OR DELETE ON {}"
                    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.crash_point('commit')"
                ).format(name)
            )

    def remove(self) -> None:
        self._superuser.execute("DROP FUNCTION IF EXISTS public.crash_point() CASCADE")

    @contextlib.contextmanager
    def armed(self, at: int = 0) -> Iterator[None]:
        """Die at the point number `at` of what is done inside, and gather in `passed` the points before it."""
        self.passed = []
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('crash.at', %s, false), set_config('crash.passed', '0', false)", [str(at)]
            )
        connection.connection.add_notice_handler(self._note)
        try:
            yield
        finally:
            connection.close()

    def _note(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        text = diagnostic.message_primary or ""
        if text.startswith(_NOTICE):
            self.passed.append(text.removeprefix(_NOTICE))


class Wire:
    """A socket through which the application reaches its server, and which may be cut.

    `directory` is where it listens, `target` where the server does; both as PGHOST would name them.
    """

    def __init__(self, directory: Path, target: str, port: str) -> None:
        self._target = f"{target}/.s.PGSQL.{port}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / f".s.PGSQL.{port}"))
        self._listener.listen()
        self._armed = self._loses_answer = False
        self._cut_at = self._begun = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # Wakes whoever waits in accept, which closing alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def begun(self) -> int:
        """How many exchanges were begun since it was armed."""
        return self._begun

    @contextlib.contextmanager
    def armed(self, at: int = 0, *, loses_answer: bool = False) -> Iterator[None]:
        """Cut the exchange number `at` of what is done inside, before its question or after its work."""
        connection.close()
        connection.ensure_connection()
        self._begun, self._cut_at, self._loses_answer = 0, at, loses_answer
        self._armed = True
        try:
            yield
        finally:
            self._armed = False
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                # Of this session alone: the application may open another one at once.
                dropping = threading.Event()
                for carry in (self._carry_questions, self._carry_answers):
                    threading.Thread(target=carry, args=(client, server, dropping), daemon=True).start()

    def _carry_questions(self, client: socket.socket, server: socket.socket, dropping: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while question := client.recv(1 << 20):
                if self._armed:
                    self._begun += 1
                    if self._begun == self._cut_at:
                        if not self._loses_answer:
                            break
                        dropping.set()
                server.sendall(question)
        _hang_up(client, server)

    def _carry_answers(self, client: socket.socket, server: socket.socket, dropping: threading.Event) -> None:
        dropped = b""
        with contextlib.suppress(OSError):
            while answer := server.recv(1 << 20):
                if dropping.is_set():
                    dropped = (dropped + answer)[-len(_READY) - 1 :]
                    if dropped.startswith(_READY):
                        break
                else:
                    client.sendall(answer)
        _hang_up(client, server)


def _hang_up(*sides: socket.socket) -> None:
    for side in sides:
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()
