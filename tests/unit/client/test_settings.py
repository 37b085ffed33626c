"""What a client is told, by arguments or by the environment, and how it complains."""

import pickle
from typing import Any

import pytest

from waxell_client import Client, NotConfigured, Refused, Stopped, Unreachable
from waxell_client.answers import Ending, Reason
from waxell_client.errors import refused, stopped


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAXELL_URL", "http://localhost:8000/")
    monkeypatch.setenv("WAXELL_API_KEY", "wxk_abc_secret")


def test_the_environment_is_taken_where_nothing_is_said() -> None:
    assert Client().settings.url == "http://localhost:8000"
    assert Client("https://other").settings.url == "https://other"
    assert Client(api_key="wxk_x_y").settings.api_key == "wxk_x_y"


@pytest.mark.parametrize("name", ["WAXELL_URL", "WAXELL_API_KEY"])
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)

    with pytest.raises(NotConfigured, match=name):
        Client()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "localhost:8000"},
        {"url": "http://"},
        {"api_key": "wxk_with space"},
        {"api_key": "wxk_naïve"},
        {"on_hold": "ignore"},
        {"on_unreachable": "shrug"},
        {"lease_seconds": 9},
        {"lease_seconds": 3601},
    ],
)
def test_the_impossible_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotConfigured):
        Client(**wrong)


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(Client().settings)


def test_a_heartbeat_fits_three_times_into_a_lease() -> None:
    assert Client(lease_seconds=10).settings.beat_seconds < 10 / 2
    assert Client(heartbeat_seconds=1).settings.beat_seconds == 1


REASON = Reason(source="policy", effect="deny", code="policy_rule", message="No.", policy="p", rule="r")


@pytest.mark.parametrize(
    "error",
    [
        refused("tool.call", "mail", [REASON], seq=2),
        stopped(Ending(code="killed", message="It loops.", state="halted", reasons=(REASON,))),
        Unreachable("Away.", why="refused", tries=3),
    ],
)
def test_errors_survive_being_sent_between_processes(error: Refused | Stopped | Unreachable) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(again), str(again)) == (type(error), str(error))
    assert again.__dict__ == error.__dict__
