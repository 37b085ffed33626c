"""What the OpenAPI document describes is sent to the running API, and every answer is held against it."""

from typing import Any

import pytest
import requests
import schemathesis
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.stack.fixtures import Bench
from tests.stack.routes import PREFIX, furnish

pytestmark = pytest.mark.process

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 8


def _operations() -> dict[str, Any]:
    with GENERATOR_STATS.silence():
        document = SchemaGenerator().get_schema(request=None, public=True)
    found = (result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations())
    return {
        operation.label: operation
        for operation in found
        if not operation.path.startswith((f"/{PREFIX}schema/", f"/{PREFIX}ledger/"))
    }


OPERATIONS = _operations()


def test_the_document_describes_the_contract() -> None:
    assert len(OPERATIONS) > 45


@pytest.mark.parametrize("label", OPERATIONS)
def test_answers_are_as_described(bench: Bench, label: str) -> None:
    operation = OPERATIONS[label]
    noun = operation.path.removeprefix(f"/{PREFIX}").partition("/")[0]
    values = furnish(bench)[noun]
    agents = operation.method.upper() == "POST" and noun == "executions"
    key = (bench.scout if agents else bench.governor).key
    session = requests.Session()
    session.trust_env = False

    @seed(20261124)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        # Things that exist, so that more than "not found" is seen; those that do not are D1's.
        case.path_parameters = {name: values[name] for name in case.path_parameters or {}}
        response = case.call(
            base_url=bench.stack.ready["url"], session=session, headers={"Authorization": f"Bearer {key}"}
        )
        case.validate_response(response, checks=CHECKS)

    try:
        send()
    finally:
        session.close()
