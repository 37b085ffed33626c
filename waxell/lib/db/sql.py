"""SQL files that live beside an app in `<app>/sql/`, for its migrations.

Released SQL is never edited: a changed function gets a new file with the next suffix
(`gate_append_v2.sql`) and a migration of its own.
"""

import re
from importlib import resources

from django.db.migrations.operations import RunSQL

_FUNCTION = re.compile(r"^\s*CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+([\w.\"]+)\s*\(", re.IGNORECASE | re.MULTILINE)


def load(app: str, name: str) -> str:
    """Return the text of `<app>/sql/<name>.sql`; `app` is a dotted module. FileNotFoundError."""
    file = resources.files(app) / "sql" / f"{name.removesuffix('.sql')}.sql"
    return file.read_text(encoding="utf-8")


def functions(app: str, *names: str) -> RunSQL:
    """Return the migration operation that runs the files in order.

    Backwards it drops, last first, every function the files create, by name: names are unique.
    """
    texts = [load(app, name) for name in names]
    created = [made for text in texts for made in _FUNCTION.findall(text)]
    drops = [f"DROP FUNCTION IF EXISTS {made};" for made in reversed(created)]
    return RunSQL("\n".join(texts), reverse_sql="\n".join(drops) or RunSQL.noop)
