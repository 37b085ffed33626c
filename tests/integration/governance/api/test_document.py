"""The OpenAPI document of governance: complete, and free of contradictions that the generator notices."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from governance.api.urls import urlpatterns


@pytest.fixture(scope="module")
def document() -> dict[str, object]:
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        made: dict[str, object] = SchemaGenerator(patterns=urlpatterns).get_schema(request=None, public=True)
        assert not GENERATOR_STATS
    return made


def test_the_document_is_valid_and_names_every_address(document: dict[str, object]) -> None:
    validate_schema(document)
    assert len(document["paths"]) == len(urlpatterns)  # type: ignore[arg-type]


def test_bodies_that_refuse_unknown_fields_say_so(document: dict[str, object]) -> None:
    schemas = document["components"]["schemas"]  # type: ignore[index]

    inputs = [schema for name, schema in schemas.items() if name.endswith("InputRequest")]

    assert inputs
    assert all(schema["additionalProperties"] is False for schema in inputs)
