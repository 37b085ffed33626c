"""`manage.py up`: everything Waxell needs on one machine, until Ctrl-C."""

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from waxell.lib.database_url import DatabaseAddress
from waxell.local import broker, environment, ready, roles, steps, web
from waxell.local.cluster import Cluster
from waxell.local.errors import CannotStart
from waxell.local.home import Home, write_private
from waxell.local.supervisor import Stopped, Supervisor


class Command(BaseCommand):
    help = "Start PostgreSQL (unless DATABASE_URL names one), web, worker, sweeper and sealer; stop them with Ctrl-C."
    # The database is not there yet, and the checks would ask it.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--restore", type=Path, metavar="BACKUP", help="first restore a backup into a new home")

    def handle(self, *args: Any, restore: Path | None = None, **options: Any) -> None:
        self.began_at = time.monotonic()
        home = Home(path=Path(settings.WAXELL_HOME))
        supervisor = Supervisor(home=home, say=self.say)
        try:
            home.prepare()
            home.lock()
        except CannotStart as error:
            # Not ours: whatever is in this home belongs to the run that holds it.
            raise CommandError(str(error)) from error
        try:
            ready.withdraw(home)
            port = web.chosen_port()
            web.require_free(port)
            supervisor.listen()
            self.run(home, supervisor, port, restore)
        except CannotStart as error:
            raise CommandError(str(error)) from error
        except Stopped:
            self.say("Stopped before it was ready")
        finally:
            ready.withdraw(home)
            supervisor.stop()

    def run(self, home: Home, supervisor: Supervisor, port: int, backup: Path | None) -> None:
        url = f"http://localhost:{port}"
        gateway_port = web.gateway_port(port)
        environ = {
            "WAXELL_PUBLIC_URL": url,
            "WAXELL_MCP_URL": f"http://localhost:{gateway_port}/mcp",
            # Tool servers of this machine, the bridge's among them.
            "WAXELL_MCP_ALLOW": "localhost,127.0.0.1,::1",
            **self.find_database(home, supervisor),
        }
        if backup is not None:
            self.say("Restoring")
            steps.restore(environ, home, backup.absolute())
        self.say("Migrating")
        steps.migrate(environ, home)
        steps.make_ledger_key(environ, home)
        supervisor.check_not_stopping()
        self.say("Collecting static files")
        steps.collect_static(environ, home, settings.BASE_DIR / "static")
        supervisor.check_not_stopping()
        self.say("Preparing the demo project")
        demo = steps.demo(environ, home)
        supervisor.check_not_stopping()
        self.say("Starting web, gateway, worker, sweeper, sealer and notifier")
        supervisor.start(environ, port=port, gateway_port=gateway_port)
        ready.announce(home, url=url, mcp_url=f"http://localhost:{gateway_port}/mcp", environ=environ, demo=demo)
        self.welcome(url, demo)
        supervisor.watch()
        self.say("Stopping")

    def find_database(self, home: Home, supervisor: Supervisor) -> dict[str, str]:
        """Start the embedded server, or take the one that the environment names; returns the children's environment."""
        secrets = home.secrets()
        # What settings took from the home is about an earlier start; this one finds out for itself.
        kept = {name: value for name, value in os.environ.items() if name not in settings.WAXELL_ADOPTED}
        if url := kept.get("WAXELL_DATABASE_URL") or kept.get("DATABASE_URL"):
            self.say("Using the database that the environment names")
            kept.setdefault("WAXELL_SECRET_KEY", secrets["secret_key"])
            kept.setdefault("WAXELL_INSECURE", "1")
            if not (kept.get("CELERY_BROKER_URL") or kept.get("WAXELL_BROKER_URL")):
                broker.install(DatabaseAddress.parse(url))
            return kept
        self.say("Starting PostgreSQL")
        cluster = supervisor.cluster = Cluster(home=home)
        cluster.create()
        cluster.start()
        roles.ensure(cluster.superuser(), passwords=secrets)
        logins = {
            role: cluster.address(user=roles.ROLES[role], password=secrets[role], name=roles.DATABASE)
            for role in environment.URL_NAMES
        }
        queue = cluster.address(user=roles.ROLES["broker"], password=secrets["broker"], name=roles.BROKER_DATABASE)
        broker.install(queue)
        local = environment.embedded(home=home.path, addresses=logins, broker=queue, secret_key=secrets["secret_key"])
        write_private(home.path / environment.FILE_NAME, local)
        return kept | local

    def welcome(self, url: str, demo: dict[str, Any]) -> None:
        lines = [f"Waxell is ready: {url}"]
        if demo:
            lines += [
                f"  sign in   {demo['owner']['email']}  {demo['owner']['password']}",
                f"  API key   {demo['keys']['agent']}",
            ]
        self.stdout.write("\n" + "\n".join(lines) + "\n  Ctrl-C stops everything.\n\n")
        self.stdout.flush()

    def say(self, line: str) -> None:
        self.stdout.write(f"{time.monotonic() - self.began_at:6.1f} s  {line}")
        self.stdout.flush()
