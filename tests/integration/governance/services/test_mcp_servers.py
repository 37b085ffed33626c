"""MCP servers: who registers and changes them is on record, their secret is not, and a change is noticed once."""

from typing import Any

import orjson
import pytest
from django.conf import LazySettings

from governance.domain.actors import Actor
from governance.domain.tool_definitions import ToolDefinition, define
from governance.models import McpServer, McpTool, Project, Tool, Workflow
from governance.services import mcp_servers
from governance.services.mcp_servers import DefinitionMoved, McpServerInvalid
from governance.services.names import NameTaken
from tests.factories import make_project
from tests.factories.governance import owner_of
from waxell.ledger.models import Entry, Payload

pytestmark = pytest.mark.django_db
URL = "https://tools.example.com/mcp"
SECRET = {"header": "Authorization", "secret": "Bearer tea"}


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def by(project: Project) -> Actor:
    return Actor(person=owner_of(project).pk)


@pytest.fixture
def server(project: Project, by: Actor) -> McpServer:
    return mcp_servers.register(project=project, actor=by, slug="docs", url=URL, **SECRET)


def definition(description: str = "Reads.") -> ToolDefinition:
    made = define(name="read", description=description, input_schema={})
    assert made is not None
    return made


def recorded(project: Project) -> list[dict[str, Any]]:
    found = Entry.objects.filter(project_id=project.pk, type__startswith="mcp_").order_by("seq")
    return [orjson.loads(bytes(entry.body)) for entry in found]


def test_registering_is_on_record_without_the_secret(project: Project, server: McpServer) -> None:
    [entry] = recorded(project)

    assert (entry["type"], entry["mcp_server"], entry["host"]) == ("mcp_server.registered", "docs", "tools.example.com")
    assert mcp_servers.headers(server) == {"Authorization": "Bearer tea"}
    kept = [bytes(payload.content) for payload in Payload.objects.filter(project_id=project.pk)]
    assert not any(b"tea" in content for content in [*kept, bytes(server.secret or b"")])
    workflow = Workflow.objects.get(project=project, slug="mcp-docs")
    assert not workflow.discovered


def test_a_slug_is_taken_once(project: Project, by: Actor, server: McpServer) -> None:
    with pytest.raises(NameTaken):
        mcp_servers.register(project=project, actor=by, slug="docs", url=URL)


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://127.0.0.1/mcp"},
        {"url": "https://169.254.169.254/"},
        {"url": "ftp://tools.example.com/"},
        {"url": "https://user:word@tools.example.com/"},
        {"header": "Authorization"},
        {"secret": "tea"},
        {"header": "Host", "secret": "tea"},
        {"header": "Mcp-Session-Id", "secret": "tea"},
        {"header": "A b", "secret": "tea"},
        {"header": "X-Key", "secret": "tea\r\nX-Other: 1"},
    ],
)
def test_a_server_that_cannot_be_reached_so_is_refused(project: Project, by: Actor, given: dict[str, str]) -> None:
    with pytest.raises(McpServerInvalid):
        mcp_servers.register(project=project, actor=by, slug="new", **{"url": URL} | given)
    assert not McpServer.objects.exists()


def test_a_setting_allows_a_server_in_the_house(project: Project, by: Actor, settings: LazySettings) -> None:
    settings.WAXELL_MCP_ALLOW = ["127.0.0.1"]
    made = mcp_servers.register(project=project, actor=by, slug="near", url="http://127.0.0.1:8931/")
    assert mcp_servers.headers(made) == {}


def test_a_secret_is_not_shown_to_another_host(server: McpServer, by: Actor) -> None:
    with pytest.raises(McpServerInvalid, match="another host"):
        mcp_servers.change(server=server, actor=by, url="https://elsewhere.example.com/mcp")
    server.refresh_from_db()
    assert server.url == URL

    mcp_servers.change(server=server, actor=by, url=f"{URL}/v2")
    assert mcp_servers.headers(server) == {"Authorization": "Bearer tea"}


def test_switching_off_leaves_the_secret(project: Project, server: McpServer, by: Actor) -> None:
    mcp_servers.change(server=server, actor=by, active=False)
    assert mcp_servers.headers(server)
    assert recorded(project)[-1]["active"] is False


def test_the_first_definition_is_accepted_and_the_name_discovered(project: Project, server: McpServer) -> None:
    known = mcp_servers.notice(server, [definition()])

    assert known["read"].state == "accepted"
    assert Tool.objects.get(project=project, slug="docs/read").discovered


def test_another_definition_is_changed_and_on_record_once(project: Project, server: McpServer, by: Actor) -> None:
    mcp_servers.notice(server, [definition()])
    for _ in range(3):
        assert mcp_servers.notice(server, [definition("Writes.")])["read"].state == "changed"

    changes = [entry for entry in recorded(project) if entry["type"] == "mcp_tool.changed"]
    assert [entry["fingerprint"] for entry in changes] == [
        {"was": definition().fingerprint, "now": definition("Writes.").fingerprint}
    ]
    tool = McpTool.objects.select_related("server").get()
    with pytest.raises(DefinitionMoved):
        mcp_servers.accept(tool=tool, actor=by, fingerprint=definition("Deletes.").fingerprint)
    mcp_servers.accept(tool=tool, actor=by, fingerprint=tool.seen)
    assert mcp_servers.notice(server, [definition("Writes.")])["read"].state == "accepted"
    # Back to what it was is a change as well.
    assert mcp_servers.notice(server, [definition()])["read"].state == "changed"
