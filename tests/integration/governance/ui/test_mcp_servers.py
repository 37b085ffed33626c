"""MCP servers registered and changed in the console."""

import pytest
from django.urls import reverse

from governance.models import McpServer
from governance.services import mcp_servers

pytestmark = pytest.mark.django_db

URL = "https://tools.example.com/mcp"


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


@pytest.fixture
def server(owner, project):
    given = {"slug": "files", "url": URL, "header": "Authorization", "secret": "Bearer tea"}
    assert owner.post(at("mcp_server_new", project), given).status_code == 303
    return McpServer.objects.get(project=project)


def test_server_is_registered_and_its_secret_never_shown(owner, project, server):
    assert mcp_servers.headers(server) == {"Authorization": "Bearer tea"}
    for page in (at("mcp_server_list", project), at("mcp_server", project, "files")):
        assert "files" in owner.get(page).text
        assert "Bearer tea" not in owner.get(page).text


def test_secret_stays_unless_the_host_is_another_or_the_header_goes(owner, project, server):
    address = at("mcp_server", project, "files")
    same = {"url": f"{URL}/v2", "header": "Authorization", "active": "on"}

    assert owner.post(address, same).status_code == 303
    server.refresh_from_db()
    assert (server.url, mcp_servers.headers(server)) == (f"{URL}/v2", {"Authorization": "Bearer tea"})
    moved = owner.post(address, {**same, "url": "https://elsewhere.example.com/mcp"})
    assert moved.status_code == 422
    assert "give it again" in moved.text
    assert owner.post(address, {"url": URL, "active": "on"}).status_code == 303
    server.refresh_from_db()
    assert mcp_servers.headers(server) == {}


def test_server_is_switched_off(owner, project, server):
    owner.post(at("mcp_server", project, "files"), {"url": URL, "header": "Authorization"})

    server.refresh_from_db()
    assert not server.active
    assert "switched off" in owner.get(at("mcp_server_list", project)).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"slug": "files"}, "files is taken."),
        ({"url": "ftp://x"}, "http"),
        ({"header": "Host", "secret": "x"}, "Host cannot carry a secret."),
    ],
)
def test_what_cannot_be_registered_says_why(owner, project, server, given, said):
    answer = owner.post(at("mcp_server_new", project), {"slug": "new", "url": URL, **given})

    assert answer.status_code in {409, 422}
    assert said in answer.text
    assert McpServer.objects.count() == 1
