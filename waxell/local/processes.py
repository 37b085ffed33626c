"""Which processes a local run consists of."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands

from waxell.local import web
from waxell.local.children import Child
from waxell.local.environment import for_role
from waxell.local.home import Home
from waxell.local.steps import manage

WEB_WORKERS = 2
WEB_THREADS = 2
TASK_PROCESSES = 2
# Long-running commands of the apps above us, by the role they log in with; started where they exist.
LOOPS = {"sweep": "app", "seal": "sealer", "notify": "app"}


def plan(environ: Mapping[str, str], home: Home, *, port: int, gateway_port: int) -> list[Child]:
    """The web server, the gateway for MCP clients, the task worker and the loops, not started yet."""
    bin_directory = Path(sys.executable).parent
    granian = [
        *(str(bin_directory / "granian"), "--interface", "wsgi", "waxell.wsgi:application"),
        *("--host", os.environ.get("WAXELL_BIND", web.HOST), "--port", str(port)),
        *("--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)),
        # Without this one dead worker ends the whole server.
        *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--no-ws"),
    ]
    # One process: it keeps its clients' sessions. It never blocks, and what it waits for is not its own work.
    gateway = [
        *(str(bin_directory / "uvicorn"), settings.WAXELL_GATEWAY),
        *("--host", os.environ.get("WAXELL_BIND", web.HOST), "--port", str(gateway_port)),
        *("--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "2", "--log-level", "warning"),
    ]
    celery = [
        *(str(bin_directory / "celery"), "-A", "waxell", "worker", "--loglevel", "INFO"),
        *("--pool", "prefork", "--concurrency", str(TASK_PROCESSES)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    children = [
        _child("web", granian, environ, home, on_orphan=signal.SIGTERM),
        _child("gateway", gateway, environ, home),
        _child("worker", celery, environ, home, on_orphan=signal.SIGKILL),
    ]
    for name, role in LOOPS.items():
        if name in get_commands():
            children.append(_child(name, manage(name), environ, home, role=role))
    return children


def _child(
    name: str,
    command: list[str],
    environ: Mapping[str, str],
    home: Home,
    *,
    role: str = "app",
    on_orphan: signal.Signals = signal.SIGTERM,
) -> Child:
    return Child(
        name=name,
        command=command,
        environment=for_role(environ, role, process=name) | {"WAXELL_READY_FILE": str(ready_mark(home, name))},
        log=home.logs / f"{name}.log",
        on_orphan=on_orphan,
    )


def ready_mark(home: Home, name: str) -> Path:
    """The file by which a process without a port says that it is ready."""
    return home.path / f"{name}.ready"
