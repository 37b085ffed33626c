import pytest

from executions.runner import registry
from executions.runner.registry import UnknownWorkflow, workflow


def test_the_bundled_workflow_is_found_by_setting() -> None:
    spec = registry.find("licence-audit")
    assert spec.max_attempts == 3
    assert {need.slug for need in spec.needs} >= {"packages.list", "licences.read", "report.publish"}
    assert spec.description == "Audit the licences of every package installed on this machine."


def test_an_unknown_name_has_an_error_of_its_own() -> None:
    with pytest.raises(UnknownWorkflow, match="nobody-wrote-this"):
        registry.find("nobody-wrote-this")


def test_two_functions_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        workflow("licence-audit")(lambda run: None)
