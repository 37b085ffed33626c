"""The environment that `manage.py up` gives its children, kept in the home for commands typed beside it."""

import json
from collections.abc import MutableMapping
from pathlib import Path

FILE_NAME = "environment.json"
# Any of these in the environment means that somebody has chosen a database already.
CHOSEN_BY = ("DATABASE_URL", "WAXELL_DATABASE_URL")


def adopt(environ: MutableMapping[str, str], *, home: Path) -> None:
    """Fill `environ` from the home's file, unless a database is named there already or there is no such file."""
    if any(environ.get(name) for name in CHOSEN_BY):
        return
    try:
        kept = json.loads((home / FILE_NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    for name, value in kept.items():
        environ.setdefault(name, value)
