"""Reading a request's body, and answering htmx where it asks."""

from io import BytesIO

import pytest
from django.test import RequestFactory
from rest_framework.test import APIRequestFactory

from waxell.lib import htmx, json_body
from waxell.lib.json_strict import MalformedJson, PayloadTooLarge, UnsupportedMediaType

web = RequestFactory()
JSON = "application/json"


def test_a_body_is_read_strictly() -> None:
    assert json_body.read_json(web.post("/", b'{"a": 1}', content_type=JSON)) == {"a": 1}
    assert json_body.read_json(web.post("/", b"", content_type="")) == {}
    with pytest.raises(MalformedJson):
        json_body.read_json(web.post("/", b'{"a":1,"a":2}', content_type=JSON))
    with pytest.raises(UnsupportedMediaType):
        json_body.read_json(web.post("/", b"{}", content_type="text/plain"))


def test_a_large_body_is_refused_by_its_header_and_by_its_bytes() -> None:
    with pytest.raises(PayloadTooLarge):
        json_body.read_json(web.post("/", b'"1234567"', content_type=JSON), max_bytes=8)
    unsaid = web.post("/", b'"1234567"', content_type=JSON)
    unsaid.META["CONTENT_LENGTH"] = ""
    with pytest.raises(PayloadTooLarge):
        json_body.read_json(unsaid, max_bytes=8)


def test_rest_framework_reads_the_same_way() -> None:
    parser = json_body.StrictJSONParser()
    request = APIRequestFactory().post("/", b"{}", content_type=JSON)
    assert parser.parse(BytesIO(b'{"a": [1]}'), JSON, {"request": request}) == {"a": [1]}
    assert parser.parse(BytesIO(b""), JSON) == {}
    with pytest.raises(MalformedJson):
        parser.parse(BytesIO(b"NaN"), JSON)
    with pytest.raises(PayloadTooLarge):
        parser.parse(BytesIO(b'"' + b"x" * parser.max_bytes + b'"'), JSON)


@pytest.mark.parametrize(
    ("headers", "fragment"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
        ({"HX-Request": "true", "HX-Request-Type": "full"}, False),
    ],
)
def test_who_wants_a_fragment(headers: dict[str, str], fragment: bool) -> None:
    assert htmx.wants_fragment(web.get("/", headers=headers)) is fragment


def test_a_redirect_is_a_full_visit_for_htmx_too() -> None:
    plain = htmx.redirect(web.post("/"), "/next/")
    assert (plain.status_code, plain["Location"]) == (303, "/next/")
    swapped = htmx.redirect(web.post("/", headers={"HX-Request": "true"}), "/next/")
    assert (swapped.status_code, swapped["HX-Redirect"]) == (204, "/next/")
