"""What each page of the console asks of the database: a number that what is on the page does not move."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.architecture.query_counts import QUERIES
from tests.factories.addresses import PROJECT, ROUTES, fill
from tests.factories.crowds import furnish_many
from tests.factories.governance import owner_of

pytestmark = pytest.mark.django_db

PAGES = {name: route for route, name in ROUTES if route.startswith(PROJECT)}
FEW, MANY = 3, 30


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Pages name static files whose hashed copies only an installation makes."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def counted(client: Client, rows: int) -> dict[str, int]:
    """Queries of each page that shows something, by its name, of a project with `rows` of everything."""
    project, things = furnish_many(rows)
    client.force_login(owner_of(project))
    numbers = {}
    for name, route in PAGES.items():
        address = fill(route, things)
        if client.get(address).status_code == 405:
            continue
        # The first visit read what is kept afterwards: rules in force, the session's last project.
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200, address
        numbers[name] = len(queries)
    return numbers


def test_pages_ask_as_often_however_much_is_on_them_and_not_more_than_is_written_down(client: Client) -> None:
    few = counted(client, FEW)
    many = counted(client, MANY)

    assert {name: (few[name], number) for name, number in many.items() if number != few[name]} == {}
    assert set(many) == set(QUERIES)
    assert {name: number for name, number in many.items() if number > QUERIES[name]} == {}
