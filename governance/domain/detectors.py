"""What text gives away: credentials, personal data, and phrases that try to take a model over.

Each detector has a name, a pattern and, where a form alone says little, a proof (a check digit, a plausible range).
Patterns are matched by RE2, in time linear in the text, whoever wrote that text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import re2

from governance.domain import check_digits

VERSION: Final = "detectors/1"
"""Raised with every change of what is found."""


class Family(StrEnum):
    """What a finding is about; rules speak of it."""

    CREDENTIALS = "credentials"
    PERSONAL = "personal"
    INJECTION = "injection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Where a detector found something: half-open offsets in characters. What it is stays in the text."""

    detector: str
    family: Family
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Detector:
    name: str
    family: Family
    pattern: str
    proof: Callable[[str], bool] | None = None


_OVERRIDE: Final = (
    r"(?i)\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|every|the|your|of|my|these|those)\s+){0,3}"
    r"(?:(?:previous|prior|above|earlier|preceding|existing|original|system|safety)\s+)(?:\w+\s+)?"
    r"(?:instructions?|prompts?|rules?|directions?|messages?|guidelines?|restrictions?|context)\b"
)
_ROLE: Final = (
    r"(?i)\b(?:you\s+are\s+now|act\s+as|pretend\s+(?:to\s+be|you\s+are)|switch\s+(?:in)?to|enter)\s+(?:(?:an?|the|in|my)\s+)?"
    r"(?:dan|jailbroken|unrestricted|unfiltered|uncensored|developer\s+mode|god\s+mode|root\s+mode)\b"
)
_EXTRACT: Final = (
    r"(?i)\b(?:reveal|print|repeat|show|output|display|tell\s+me|give\s+me)\s+(?:(?:me|us|back|out|all|of)\s+){0,2}"
    r"(?:your|the)\s+(?:(?:full|entire|exact|hidden|secret|initial|original|complete)\s+){0,2}"
    r"(?:system\s+(?:prompt|message|instructions?)|hidden\s+instructions?|initial\s+instructions?)"
)
_SECRECY: Final = (
    r"(?i)\b(?:do\s+not|don['\x{2019}]t|never)\s+(?:tell|inform|alert|notify|mention\s+(?:this|it)\s+to)\s+(?:the\s+)?"
    r"(?:user|human|operator|person|owner)s?\b"
)
_MARKUP: Final = r"(?i)<\|(?:im_start|im_end|system|endoftext|start_header_id)\|>|\[/?INST\]|<</?SYS>>"

_DETECTORS: Final = (
    _Detector("aws_access_key", Family.CREDENTIALS, r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    _Detector(
        "github_token", Family.CREDENTIALS, r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b"
    ),
    _Detector("slack_token", Family.CREDENTIALS, r"\bxox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    _Detector("model_provider_key", Family.CREDENTIALS, r"\bsk-(?:ant-|proj-|or-v1-)?[A-Za-z0-9_-]{20,255}"),
    _Detector("stripe_key", Family.CREDENTIALS, r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}\b"),
    _Detector("google_api_key", Family.CREDENTIALS, r"\bAIza[A-Za-z0-9_-]{35}"),
    _Detector("waxell_key", Family.CREDENTIALS, r"\bwxk_[A-Za-z0-9]{8,64}_[A-Za-z0-9_-]{20,100}"),
    _Detector("json_web_token", Family.CREDENTIALS, r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    _Detector(
        "private_key",
        Family.CREDENTIALS,
        r"(?s)-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----(?:.*?-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----)?",
    ),
    _Detector(
        "address_with_password", Family.CREDENTIALS, r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s/:@]{1,100}:[^\s/@]{3,200}@"
    ),
    _Detector(
        "named_secret",
        Family.CREDENTIALS,
        r"(?i)\b(?:[a-z0-9]+[_-])*(?:password|passwd|passphrase|secret|api[_-]?key|access[_-]?token|auth[_-]?token)"
        r"['\"]?\s*(?:=|:|\bis\b)\s*['\"]?[^\s'\",;<>{}]{8,200}",
        check_digits.looks_random,
    ),
    _Detector(
        "email_address",
        Family.PERSONAL,
        r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}\b",
    ),
    _Detector(
        "iban", Family.PERSONAL, r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", check_digits.is_iban
    ),
    _Detector("payment_card", Family.PERSONAL, r"\b[0-9](?:[ -]?[0-9]){12,18}\b", check_digits.is_payment_card),
    _Detector(
        "us_social_security_number", Family.PERSONAL, r"\b[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}\b", check_digits.is_us_ssn
    ),
    _Detector("instruction_override", Family.INJECTION, _OVERRIDE),
    _Detector("role_escape", Family.INJECTION, _ROLE),
    _Detector("prompt_extraction", Family.INJECTION, _EXTRACT),
    _Detector("secrecy_demand", Family.INJECTION, _SECRECY),
    _Detector("chat_markup", Family.INJECTION, _MARKUP),
)

NAMES: Final = tuple(detector.name for detector in _DETECTORS)
_COMPILED: Final = tuple((detector, re2.compile(detector.pattern)) for detector in _DETECTORS)


def detect(text: str) -> tuple[Finding, ...]:
    """Return everything found, by where it begins; findings may overlap.

    What looks personal inside of credentials is a part of them: no name of a host is somebody's mail.
    """
    findings, credentials_until = [], 0
    for finding in sorted(_found(text), key=_place):
        if finding.family is Family.CREDENTIALS:
            credentials_until = max(credentials_until, finding.end)
        elif finding.family is Family.PERSONAL and finding.start < credentials_until:
            continue
        findings.append(finding)
    return tuple(findings)


def redact(text: str, findings: tuple[Finding, ...]) -> str:
    """Return the text with `##DETECTOR##` in the place of what is credentials or personal.

    Phrases of an injection stay: taken out, they would leave an order whose sense nobody knows.
    """
    kept, until = [], 0
    for finding in sorted(findings, key=lambda finding: (finding.start, -finding.end)):
        if finding.family is Family.INJECTION or finding.end <= until:
            continue
        # Of two that overlap the first names both: nothing of the second is left over.
        if finding.start >= until:
            kept += [text[until : finding.start], f"##{finding.detector.upper()}##"]
        until = finding.end
    return "".join([*kept, text[until:]])


def _place(finding: Finding) -> tuple[int, bool, int, str]:
    return finding.start, finding.family is not Family.CREDENTIALS, -finding.end, finding.detector


def _found(text: str) -> Iterator[Finding]:
    for detector, pattern in _COMPILED:
        for match in pattern.finditer(text):
            if detector.proof is None or detector.proof(match.group()):
                yield Finding(detector=detector.name, family=detector.family, start=match.start(), end=match.end())
