"""Writes `openapi.json`: the part of Waxell's OpenAPI document that an agent's execution needs, nothing else.

python client/typescript/document.py          # from the repository, with its .venv
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILE = HERE / "openapi.json"
PATHS = ("/api/v1/executions/", "/api/v1/approvals/")
# For people and auditors, not for agents.
ELSEWHERE = ("/bundle/", "/decide/", "/erase/", "/erasures/", "/holds/")
REFERENCE = "#/components/schemas/"


def document() -> dict[str, Any]:
    """The part, with exactly the schemas that it refers to."""
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    with GENERATOR_STATS.silence():
        whole = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    paths = {
        path: methods
        for path, methods in whole["paths"].items()
        if path.startswith(PATHS) and not path.endswith(ELSEWHERE)
    }
    components = whole["components"]
    wanted: set[str] = set()
    waiting = list(references(paths))
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += references(components["schemas"][name])
    schemas = {name: components["schemas"][name] for name in sorted(wanted)}
    return {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": components["securitySchemes"]},
    }


def references(part: object) -> Iterator[str]:
    """The names of the schemas that a part of the document refers to."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref" and value.startswith(REFERENCE):
                yield value.removeprefix(REFERENCE)
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def written() -> str:
    """The file's text."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waxell.settings")
    import django

    django.setup()
    FILE.write_text(written(), encoding="utf-8")
