"""The processes of a run: a throwaway PostgreSQL that writes to disk as in production, and the web server."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from waxell.local import broker, environment, roles, web
from waxell.local.children import Child, stop_all
from waxell.local.cluster import Cluster
from waxell.local.home import Home

ROOT = Path(__file__).resolve().parents[1]
# Whatever the shell says about a real database is none of our business.
FOREIGN = (*environment.CHOSEN_BY, "CELERY_BROKER_URL", "WAXELL_DATABASE_AS")
READY_SECONDS = 30.0


@dataclass(slots=True, kw_only=True)
class Stage:
    """A migrated database, named by the environment of this process, and a port for the web server."""

    home: Home
    cluster: Cluster
    environ: dict[str, str]
    port: int
    gateway_port: int

    @property
    def url(self) -> str:
        return f"http://{web.HOST}:{self.port}"

    def superuser(self) -> str:
        """How the database's superuser connects to it."""
        return self.cluster.superuser(roles.DATABASE).conninfo()

    @contextmanager
    def serving(self) -> Iterator[int]:
        """The web server as `manage.py up` starts it; gives its process id. Django must be set up."""
        with self._started("web") as server:
            self._wait_for(server, self.port)
            assert server.process is not None
            yield server.process.pid

    @property
    def gateway_url(self) -> str:
        return f"http://{web.HOST}:{self.gateway_port}/mcp"

    @contextmanager
    def bridging(self) -> Iterator[None]:
        """The gateway for MCP clients as `manage.py up` starts it. Django must be set up."""
        with self._started("gateway") as gateway:
            self._wait_for(gateway, self.gateway_port)
            yield

    @contextmanager
    def running(self, name: str) -> Iterator[int]:
        """Another of the processes that `manage.py up` starts; gives its process id. Django must be set up."""
        with self._started(name) as child:
            assert child.process is not None
            yield child.process.pid

    @contextmanager
    def _started(self, name: str) -> Iterator[Child]:
        from waxell.local import processes

        [child] = [
            child
            for child in processes.plan(self.environ, self.home, port=self.port, gateway_port=self.gateway_port)
            if child.name == name
        ]
        child.environment |= {"DJANGO_SETTINGS_MODULE": "bench.settings", "PYTHONPATH": str(ROOT)}
        try:
            child.start()
            yield child
        finally:
            stop_all([child])

    def _wait_for(self, server: Child, port: int) -> None:
        until = time.monotonic() + READY_SECONDS
        while not web.answers(port):
            if server.dead() or time.monotonic() > until:
                said = server.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{server.name} did not start: {said}")
            time.sleep(0.05)


@contextmanager
def build() -> Iterator[Stage]:
    """Start PostgreSQL in a directory of its own, migrate, and remove everything afterwards.

    `fsync` and `synchronous_commit` are on: what is measured is on the disk before it is answered.
    """
    os.environ.pop("PORT", None)
    for name in FOREIGN:
        os.environ.pop(name, None)
    # Beside the code, not in the system's temporary directory, which may be memory.
    parent = ROOT / ".waxell"
    parent.mkdir(exist_ok=True)
    home = Home(path=Path(tempfile.mkdtemp(prefix="bench-", dir=parent)))
    home.prepare()
    (home.path / "static").mkdir()
    cluster = Cluster(home=home)
    try:
        cluster.create()
        cluster.start()
        environ = _prepare(home, cluster)
        os.environ |= environ
        os.environ["PORT"] = "0"
        port = web.chosen_port()
        yield Stage(
            home=home,
            cluster=cluster,
            environ=dict(os.environ),
            port=port,
            gateway_port=web.gateway_port(port),
        )
    finally:
        cluster.stop()
        for directory in (home.socket_directory(), home.path):
            shutil.rmtree(directory, ignore_errors=True)


def _prepare(home: Home, cluster: Cluster) -> dict[str, str]:
    """Make roles and databases and run the migrations; returns the environment of a local run."""
    secrets = home.secrets()
    roles.ensure(cluster.superuser(), passwords=secrets)
    logins = {
        role: cluster.address(user=roles.ROLES[role], password=secrets[role], name=roles.DATABASE)
        for role in environment.URL_NAMES
    }
    queue = cluster.address(user=roles.ROLES["broker"], password=secrets["broker"], name=roles.BROKER_DATABASE)
    broker.install(queue)
    environ = environment.embedded(home=home.path, addresses=logins, broker=queue, secret_key=secrets["secret_key"])
    # The tools that the gateway is put in front of are on this machine.
    environ |= {"WAXELL_MCP_ALLOW": web.HOST}
    os.environ["WAXELL_HOME"] = str(home.path)
    from waxell.local import steps

    steps.migrate(os.environ | environ, home)
    return environ


def versions(cluster: Cluster) -> str:
    """What PostgreSQL says of itself."""
    with psycopg.connect(cluster.superuser().conninfo()) as connection:
        row = connection.execute("show server_version").fetchone()
    return str(row[0]) if row else "?"
