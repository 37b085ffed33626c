"""Vendored files are exactly what the manifest says, and nothing else lies beside them."""

import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[3] / "static" / "vendor"
PACKAGES = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["packages"]
LISTED = {path: digest for package in PACKAGES for path, digest in package["files"].items()}


def test_vendored_files_match_their_digests() -> None:
    found = {path: hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() for path in LISTED}

    assert found == LISTED


def test_vendored_files_are_all_listed() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}

    assert present - {"manifest.json"} == set(LISTED)


def test_each_package_says_version_licence_and_brings_its_licence_file() -> None:
    incomplete = [
        package["name"]
        for package in PACKAGES
        if not (package["version"] and package["licence"]) or not any("LICENSE" in path for path in package["files"])
    ]

    assert incomplete == []


def test_manifest_names_no_host() -> None:
    assert "://" not in (VENDOR / "manifest.json").read_text(encoding="utf-8")
