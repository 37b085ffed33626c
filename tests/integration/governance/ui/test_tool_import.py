"""Importing the tools of an MCP server: pasted or uploaded, looked at, taken over in part."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from governance.domain.kinds import Kind
from governance.models import Tool
from governance.queries import registry, states
from governance.services import catalogue
from tests.factories import make_policy, make_tool

pytestmark = pytest.mark.django_db

TEXT = {"type": "object", "properties": {"to": {"type": "string"}}}
NUMBER = {"type": "object", "properties": {"to": {"type": "integer"}}}


def listed(**schemas):
    return json.dumps({"tools": [{"name": name, "inputSchema": schema} for name, schema in schemas.items()]})


@pytest.fixture
def address(project):
    return reverse("governance:tool_import", args=[project.slug])


def test_what_is_new_changed_and_the_same_is_shown_before_anything_happens(owner, project, address):
    make_tool(project, "files/same", schema=TEXT)
    make_tool(project, "files/other", schema=NUMBER)
    catalogue.discover(project_id=project.pk, kind=Kind.TOOL_CALL, slug="files/seen")
    before = states.in_force(project.pk).number

    shown = owner.post(address, {"text": listed(same=TEXT, other=TEXT, seen=TEXT, new=TEXT), "before": "files/"})

    assert shown.status_code == 200
    assert {line.slug: line.word for line in shown.context["lines"]} == {
        "files/new": "new",
        "files/other": "changed",
        "files/same": "unchanged",
        "files/seen": "discovered: to be adopted",
    }
    assert shown.context["chosen"] == {"files/new", "files/other", "files/seen"}
    assert "What changes of files/other" in shown.text
    assert states.in_force(project.pk).number == before


def test_what_is_chosen_is_taken_over_and_keeps_groups_and_cost(owner, project, address):
    make_tool(project, "other", schema=NUMBER, groups=["mail"], cost_micros=7)
    given = {"text": listed(other=TEXT, new=TEXT, left=TEXT), "take": "1", "slugs": ["other", "new"]}

    answer = owner.post(address, given, follow=True)

    assert "2 tools are taken over." in answer.text
    assert registry.tool_schemas(project.pk) == {"other": TEXT, "new": TEXT}
    assert Tool.objects.values_list("groups", "cost_micros").get(slug="other") == (["mail"], 7)
    again = owner.post(address, {"text": given["text"]})
    assert again.context["chosen"] == {"left"}


def test_a_schema_that_policies_in_force_no_longer_fit_takes_nothing_over(owner, project, address):
    make_tool(project, "mail", schema=TEXT)
    make_policy(
        project,
        '@id("r") @message("No.") @effect("deny") forbid (principal, action == Action::"tool.call/mail", resource)'
        ' when { context.args has to && context.args.to == "eve" };',
        slug="care",
    )

    answer = owner.post(address, {"text": listed(again=TEXT, mail=NUMBER), "take": "1", "slugs": ["again", "mail"]})

    assert answer.status_code == 422
    assert "mail: " in answer.text
    assert "care: " in answer.text
    assert registry.tool_schemas(project.pk) == {"mail": TEXT}


def test_a_file_is_read_and_what_is_wrong_says_where(owner, address):
    good = SimpleUploadedFile("tools.json", listed(read=TEXT).encode())

    assert [line.slug for line in owner.post(address, {"file": good}).context["lines"]] == ["read"]
    for given, said in [
        ({"text": '{"tools": [,]}'}, "Line 1, column 12"),
        ({"text": '{"tools": [{"name": 7}]}'}, "tools[0].name must be a text."),
        ({"file": SimpleUploadedFile("x.json", b"\xff\xfe\x00")}, "Line 1, column 1"),
        ({"file": SimpleUploadedFile("x.json", b"[" + b" " * (2 << 20))}, "at most 1 MB"),
        ({}, "Paste the list or choose a file."),
    ]:
        answer = owner.post(address, given)
        assert answer.status_code == 422
        assert said in answer.text


def test_names_and_words_of_a_server_are_shown_and_never_acted_on(owner, project, address):
    evil = {"tools": [{"name": "read", "description": "</textarea><script>alert(1)</script>"}]}

    page = owner.post(address, {"text": json.dumps(evil)}).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
