"""Which licence a distribution is under, as an SPDX expression, and of which family. Pure."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import license_expression

UNKNOWN: Final = "NOASSERTION"
"""SPDX's word for: nobody says."""

# Names that packages write where an SPDX identifier belongs, and what trove classifiers mean. Those
# that leave a version or a variant open ("BSD") are not here: a licence file must say which.
_ALIASES: Final[Mapping[str, str]] = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause or apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "isc license (iscl)": "ISC",
    "isc license": "ISC",
    "the unlicense (unlicense)": "Unlicense",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu affero general public license v3": "AGPL-3.0-only",
}
# What only a licence's own text contains, more particular texts first; white space is one space.
_TEXTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), identifier)
    for pattern, identifier in (
        (r"Apache License,? Version 2\.0", "Apache-2.0"),
        (r"Mozilla Public License,? (?:Version|v\.) 2\.0", "MPL-2.0"),
        (r"GNU AFFERO GENERAL PUBLIC LICENSE Version 3", "AGPL-3.0-only"),
        (r"GNU LESSER GENERAL PUBLIC LICENSE Version 3", "LGPL-3.0-only"),
        (r"GNU LESSER GENERAL PUBLIC LICENSE Version 2\.1", "LGPL-2.1-only"),
        (r"GNU GENERAL PUBLIC LICENSE Version 3", "GPL-3.0-only"),
        (r"GNU GENERAL PUBLIC LICENSE Version 2", "GPL-2.0-only"),
        (r"PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2", "PSF-2.0"),
        (r"Redistributions of source code.{0,900}?(?:Neither|nor) the names? of", "BSD-3-Clause"),
        (r"Redistributions of source code", "BSD-2-Clause"),
        (r"Permission is hereby granted, free of charge.{0,900}?without restriction", "MIT"),
        (r"Permission to use, copy, modify,? and/?(?:or)? distribute this software", "ISC"),
        (r"This is free and unencumbered software released into the public domain", "Unlicense"),
    )
)
# The part of a licence's text that is looked at; its characteristic words come early.
_TEXT_CHARACTERS: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a distribution says of its licence: core metadata fields and the beginnings of its files."""

    expression: str = ""
    license: str = ""
    classifiers: Sequence[str] = ()
    texts: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An SPDX expression (or NOASSERTION), the family of licences it belongs to and what says so."""

    expression: str
    family: str
    source: str


def classify(evidence: Evidence) -> Finding:
    """Conclude from the most explicit statement there is: expression, name, classifier, text."""
    named = [line.rpartition("::")[2] for line in evidence.classifiers if line.startswith("License ::")]
    sources = (
        ("License-Expression", [evidence.expression]),
        ("License", [evidence.license]),
        ("classifier", named),
    )
    for source, statements in sources:
        found = sorted({expression for text in statements if (expression := normalise(text))})
        if found:
            return _finding(" AND ".join(found), source)
    recognised = sorted({identifier for text in evidence.texts if (identifier := recognise(text))})
    if recognised:
        return _finding(" AND ".join(recognised), "licence file")
    return Finding(expression=UNKNOWN, family="Unknown", source="")


def normalise(text: str) -> str | None:
    """Return the SPDX expression that `text` means; None where it is not one."""
    text = " ".join(text.split())
    text = _ALIASES.get(text.lower(), text)
    if not text:
        return None
    try:
        return str(_licensing().parse(text, validate=True, strict=True).render())
    except (license_expression.ExpressionError, license_expression.ExpressionParseError):
        return None


def recognise(text: str) -> str | None:
    """Return the identifier of the licence whose text begins `text`; None where no one knows it."""
    beginning = " ".join(text[:_TEXT_CHARACTERS].split())
    return next((identifier for pattern, identifier in _TEXTS if pattern.search(beginning)), None)


def _finding(expression: str, source: str) -> Finding:
    parsed = _licensing().parse(expression)
    families = {_families().get(str(symbol), "Unknown") for symbol in _licensing().license_keys(parsed)}
    family = families.pop() if len(families) == 1 else "Mixed"
    return Finding(expression=str(parsed.simplify().render()), family=family, source=source)


@functools.cache
def _licensing() -> Any:
    return license_expression.get_spdx_licensing()


@functools.cache
def _families() -> Mapping[str, str]:
    """The family of each SPDX identifier, from ScanCode's index inside license-expression."""
    return {
        identifier: entry["category"]
        for entry in license_expression.get_license_index()
        for identifier in (entry.get("spdx_license_key"), *entry.get("other_spdx_license_keys", ()))
        if identifier
    }
