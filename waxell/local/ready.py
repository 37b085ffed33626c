"""ready.json: what scripts need to use a running Waxell, there only while it is ready."""

from collections.abc import Mapping
from typing import Any

from waxell.local.home import Home, write_private


def announce(home: Home, *, url: str, mcp_url: str, environ: Mapping[str, str], demo: Mapping[str, Any]) -> None:
    """Write `{url, mcp_url, owner, keys, project, database_url, owner_database_url}`.

    Mode 0600, whole or not at all.
    """
    general = environ.get("DATABASE_URL")
    write_private(
        home.ready_file,
        {
            "url": url,
            "mcp_url": mcp_url,
            "owner": demo.get("owner"),
            "keys": demo.get("keys"),
            "project": demo.get("project"),
            "database_url": environ.get("WAXELL_DATABASE_URL") or general,
            "owner_database_url": environ.get("WAXELL_OWNER_DATABASE_URL") or general,
        },
    )


def withdraw(home: Home) -> None:
    home.ready_file.unlink(missing_ok=True)
