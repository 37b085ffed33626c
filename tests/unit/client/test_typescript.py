"""The document that the TypeScript client is generated from is the one that the server has."""

import importlib.util
import json
from pathlib import Path
from typing import Any

CLIENT = Path(__file__).parents[3] / "client" / "typescript"


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("typescript_document", CLIENT / "document.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_document_is_current() -> None:
    """Where this fails the API has changed: `make typescript` makes the generated files anew."""
    assert (CLIENT / "openapi.json").read_text(encoding="utf-8") == generator().written()


def test_the_document_has_what_an_agent_calls_and_nothing_that_governs() -> None:
    document = json.loads((CLIENT / "openapi.json").read_text(encoding="utf-8"))
    calls = {(method, path) for path, methods in document["paths"].items() for method in methods}

    here = "/api/v1/executions/{execution_id}/"
    assert {
        ("post", "/api/v1/executions/"),
        ("post", f"{here}actions/"),
        ("get", f"{here}actions/{{seq}}/"),
        ("post", f"{here}actions/{{seq}}/result/"),
        ("post", f"{here}heartbeat/"),
        ("post", f"{here}close/"),
    } <= calls
    assert not [path for _, path in calls if path.endswith(("/decide/", "/bundle/"))]


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}

    assert all(package.get("integrity") for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]
