"""`manage.py mcp_bridge`: an MCP server of standard input and output, on loopback for the gateway."""

import os
import shutil
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from executions.gateway.bridge import HOST, Bridge


class Command(BaseCommand):
    help = "Serve an MCP server that speaks over stdio at http://127.0.0.1:PORT/, for the gateway on this machine."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument(
            "--env", action="append", default=[], metavar="NAME", help="hand this variable on; by default hardly any is"
        )
        parser.add_argument("server", nargs="+", metavar="COMMAND", help="the server's program and its arguments")

    def handle(self, *args: Any, port: int, env: list[str], server: list[str], **options: Any) -> None:
        if shutil.which(server[0]) is None:
            raise CommandError(f"There is no program {server[0]}.")
        if missing := [name for name in env if name not in os.environ]:
            raise CommandError(f"{missing[0]} is not set.")
        bridge = Bridge(
            server,
            environment={name: os.environ[name] for name in env},
            secret=os.environ.get("WAXELL_BRIDGE_SECRET") or None,
        )
        self.stdout.write(f"http://{HOST}:{port}/")
        self.stdout.flush()
        if not bridge.serve(port):
            raise CommandError("The server behind the bridge ended.")
