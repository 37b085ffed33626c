"""The environment that `manage.py up` gives its children, kept in the home for commands typed beside it."""

import json
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from waxell.lib.database_url import DatabaseAddress

FILE_NAME = "environment.json"
# Any of these in the environment means that somebody has chosen a database already.
CHOSEN_BY = ("DATABASE_URL", "WAXELL_DATABASE_URL")
URL_NAMES = {
    "app": "WAXELL_DATABASE_URL",
    "owner": "WAXELL_OWNER_DATABASE_URL",
    "sealer": "WAXELL_SEALER_DATABASE_URL",
}


def adopt(environ: MutableMapping[str, str], *, home: Path) -> frozenset[str]:
    """Fill `environ` from the home's file and return the names filled.

    Nothing happens where a database is named already or there is no such file.
    """
    if any(environ.get(name) for name in CHOSEN_BY):
        return frozenset()
    try:
        kept: dict[str, str] = json.loads((home / FILE_NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return frozenset()
    missing = {name: value for name, value in kept.items() if name not in environ}
    environ.update(missing)
    return frozenset(missing)


def embedded(
    *, home: Path, addresses: Mapping[str, DatabaseAddress], broker: DatabaseAddress, secret_key: str
) -> dict[str, str]:
    """Everything a local run's processes are told, for all roles; `for_role` takes away what one may not know."""
    urls = {URL_NAMES[role]: address.url() for role, address in addresses.items()}
    return urls | {
        "WAXELL_HOME": str(home),
        "WAXELL_SECRET_KEY": secret_key,
        "WAXELL_INSECURE": "1",
        "WAXELL_BROKER_URL": broker.url("pgmq"),
        "WAXELL_OWNER_ROLE": addresses["owner"].user,
        "WAXELL_SEALER_ROLE": addresses["sealer"].user,
    }


def for_role(environ: Mapping[str, str], role: str, *, process: str) -> dict[str, str]:
    """One child's environment: it can log in as `role` and as nobody else."""
    mine = URL_NAMES[role]
    others = {name for name in URL_NAMES.values() if name != mine}
    # Whoever has a URL of their own has no use for the general one, which may be a stronger login.
    hidden = others | ({"DATABASE_URL"} if environ.get(mine) else set())
    kept = {name: value for name, value in environ.items() if name not in hidden}
    return kept | {"WAXELL_DATABASE_AS": role, "WAXELL_PROCESS": f"waxell-{process}"}
