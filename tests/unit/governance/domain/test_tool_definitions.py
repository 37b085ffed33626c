"""What a tool's fingerprint is made of."""

import pytest

from governance.domain.tool_definitions import MOST_BYTES, define

SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}}}


def test_fingerprint_is_the_digest_of_canonical_json() -> None:
    made = define(name="send", description="Sends.", input_schema=SCHEMA)

    assert made is not None
    assert made.text == (
        '{"description":"Sends.","inputSchema":{"properties":{"to":{"type":"string"}},"type":"object"},"name":"send"}'
    )
    assert made.fingerprint == "sha256:b32413ac14cc1cdd76cf1229f8c1b7089d3f8ce5c9137f1afdca7fa4cb2396fb"


def test_order_of_members_makes_no_difference() -> None:
    turned = dict(reversed(SCHEMA.items()))
    assert define(name="send", description="", input_schema=SCHEMA) == define(
        name="send", description=None, input_schema=turned
    )


@pytest.mark.parametrize(
    "other",
    [
        {"name": "sends"},
        {"description": "Sends it."},
        {"input_schema": {**SCHEMA, "additionalProperties": False}},
    ],
)
def test_each_part_makes_a_difference(other: dict) -> None:
    told = {"name": "send", "description": "Sends.", "input_schema": SCHEMA}
    first, second = define(**told), define(**told | other)
    assert first is not None
    assert second is not None
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(
    "unusable",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": 'a"'},
        {"name": "é"},
        {"name": "x" * 129},
        {"description": "x" * MOST_BYTES},
        {"description": "\ud800"},
        {"input_schema": {"maximum": 2**60}},
    ],
)
def test_what_no_rule_could_speak_of_has_no_definition(unusable: dict) -> None:
    assert define(**{"name": "send", "description": "", "input_schema": {}} | unusable) is None
