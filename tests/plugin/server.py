"""The server of one test run: its addresses are known before it starts, because settings want them first."""

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from waxell.lib.database_url import DatabaseAddress
from waxell.local import broker, roles
from waxell.local.cluster import THROWAWAY, Cluster
from waxell.local.home import Home

# What a developer's shell may say about a real database must not reach a test.
FOREIGN = ("DATABASE_URL", "CELERY_BROKER_URL", "WAXELL_DATABASE_AS", "WAXELL_OWNER_ROLE", "WAXELL_SEALER_ROLE")


@dataclass(slots=True, kw_only=True)
class TestServer:
    cluster: Cluster
    started: bool = False

    # Not a test class, whatever its name says to pytest.
    __test__ = False

    @classmethod
    def plan(cls) -> "TestServer":
        home = Home(path=Path(tempfile.mkdtemp(prefix="waxell-test-")))
        home.prepare()
        # Nothing is collected for a test, and whitenoise warns where there is no directory.
        (home.path / "static").mkdir(exist_ok=True)
        return cls(cluster=Cluster(home=home, settings=THROWAWAY))

    def announce(self) -> None:
        """Put this run's addresses into the environment, for settings and for every child process."""
        for name in FOREIGN:
            os.environ.pop(name, None)
        os.environ |= {
            "WAXELL_HOME": str(self.cluster.home.path),
            "WAXELL_DATABASE_URL": self.address("app").url(),
            "WAXELL_OWNER_DATABASE_URL": self.address("owner").url(),
            "WAXELL_SEALER_DATABASE_URL": self.address("sealer").url(),
            "WAXELL_BROKER_URL": self.address("broker").url("pgmq"),
            "WAXELL_SECRET_KEY": self.cluster.home.secrets()["secret_key"],
            "WAXELL_INSECURE": "1",
        }

    def start(self) -> None:
        if self.started:
            return
        self.cluster.create()
        self.cluster.start()
        roles.ensure(self.cluster.superuser(), passwords=self.cluster.home.secrets(), creates_databases=True)
        broker.install(self.address("broker"))
        self.started = True

    def close(self) -> None:
        self.cluster.stop()
        for directory in (self.cluster.home.socket_directory(), self.cluster.home.path):
            shutil.rmtree(directory, ignore_errors=True)

    def address(self, role: str, *, name: str | None = None) -> DatabaseAddress:
        """Where `role` ("owner", "app", "sealer", "broker") logs in, in its own database or in the one named."""
        address = self.cluster.address(
            user=roles.ROLES[role],
            password=self.cluster.home.secrets()[role],
            name=roles.BROKER_DATABASE if role == "broker" else roles.DATABASE,
        )
        return replace(address, name=name) if name else address

    def become(self, role: str) -> None:
        """Make Django's connections log in as `role` from now on."""
        from django.db import connections

        connections.close_all()
        login: dict[str, Any] = {"USER": roles.ROLES[role], "PASSWORD": self.cluster.home.secrets()[role]}
        connections.settings["default"].update(login)
        connections["default"].settings_dict.update(login)
