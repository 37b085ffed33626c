"""The distributions installed on this machine, and what each says of its licence."""

import importlib.metadata
from pathlib import PurePosixPath
from typing import Final

from executions.workflows.licences import Evidence

MAX_TEXT_CHARACTERS: Final = 4000
MAX_TEXTS: Final = 4
_LICENCE_FILES: Final = ("licen", "copying", "notice", "unlicense")


def list_installed() -> list[dict[str, str]]:
    """Return `{name, version}` of each distribution, by name; the first on the path counts."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(name, distribution.version)
    return [{"name": name, "version": found[name]} for name in sorted(found, key=str.lower)]


def read_evidence(package: str) -> Evidence:
    """Read metadata and licence files. Raises PackageNotFoundError when it is not installed any more."""
    distribution = importlib.metadata.distribution(package)
    metadata = distribution.metadata
    return Evidence(
        expression=metadata.get("License-Expression") or "",
        license=metadata.get("License") or "",
        classifiers=tuple(metadata.get_all("Classifier") or ()),
        texts=tuple(_read_texts(distribution)),
    )


def _read_texts(distribution: importlib.metadata.Distribution) -> list[str]:
    texts: list[str] = []
    for path in distribution.files or ():
        if not _is_licence(path) or len(texts) == MAX_TEXTS:
            continue
        try:
            with open(str(path.locate()), encoding="utf-8", errors="replace") as stream:
                texts.append(stream.read(MAX_TEXT_CHARACTERS))
        except OSError:
            # The list of files may name what was not installed here.
            continue
    return texts


def _is_licence(path: PurePosixPath) -> bool:
    inside = any(part.endswith((".dist-info", ".egg-info")) for part in path.parts)
    return inside and path.name.lower().startswith(_LICENCE_FILES)
