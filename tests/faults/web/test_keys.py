"""D5: keys that are wrong, expired, revoked or in the address are refused, and no key is ever written down."""

import secrets

import pytest

from tests.factories import make_key
from tests.stack.api import Api
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

CALLS = [
    ("GET", "executions/", None),
    ("POST", "executions/", {"workflow": "errand", "agent": "scout"}),
    ("GET", "policies/", None),
    ("POST", "agents/", {"slug": "new", "name": "New"}),
]


def refused(api: Api, **options: object) -> set[int]:
    return {api.send(method, path, body, **options).status_code for method, path, body in CALLS}


@pytest.mark.parametrize(
    "wrong",
    [
        "x",
        "wxk_",
        "wxk__",
        "wxk_abc_",
        "wxk_\u00e9_x",
        "wxk_" + "a" * 5000,
        "Basic abc",
        "wxk_0123456789abcdef_" + "a" * 43,
     "wxk_%00_x", "wxk_'; drop table x_--"],
)  # fmt: skip
def test_wrong_keys_are_refused(bench: Bench, wrong: str) -> None:
    for header in ({"Authorization": f"Bearer {wrong}"}, {"X-Wax-Key": wrong}, {"Authorization": wrong}):
        headers = {name: value.encode() for name, value in header.items()}
        assert refused(Api(http=bench.stack.http), headers=headers) == {401}, header


def test_a_wrong_secret_of_a_real_key_is_refused(bench: Bench) -> None:
    for key in (bench.scout.key, bench.governor.key):
        identity = key.split("_")[1]
        for secret in (secrets.token_urlsafe(32), key.split("_", 2)[2][:-1], key.split("_", 2)[2] + "a"):
            assert refused(Api(http=bench.stack.http, key=f"wxk_{identity}_{secret}")) == {401}


def test_revocation_binds_in_the_very_next_call(bench: Bench) -> None:
    run = bench.start()
    identity = bench.scout.key.split("_")[1]

    bench.governor.post(f"keys/{identity}/revoke/")

    assert refused(bench.scout) == {401}
    for path, body in (
        ("actions/", {"fence": 1, "kind": "tool.call", "resource": "x"}),
        ("heartbeat/", {"fence": 1}),
        ("close/", {"fence": 1, "outcome": "completed"}),
        ("cancel/", {"reason": "r"}),
    ):
        bench.scout.post(run.path + path, body, expect=401)
    assert bench.governor.get(run.path)["record"] is None


def test_an_expired_key_is_refused(bench: Bench) -> None:
    api = bench.key(expires_in_days=-1)
    assert refused(api) == {401}


def test_a_key_in_the_address_is_refused_even_with_a_good_one_in_the_header(bench: Bench) -> None:
    for method, path, body in CALLS:
        for name in ("key", "api_key", "x"):
            response = bench.governor.send(method, path, body, params={name: bench.governor.key})
            assert (response.status_code, response.json()["code"]) == (400, "key_in_address")


def test_no_secret_is_ever_written_down(bench: Bench) -> None:
    """Neither to a log, nor into any row of the database, nor into any answer."""
    import psycopg

    plain = make_key(bench.project).plain
    secret = plain.split("_", 2)[2]
    api = Api(http=bench.stack.http, key=plain)
    answers = [
        api.send("POST", "executions/", {"workflow": plain, "agent": "scout"}),
        api.send("POST", "agents/", {"slug": "a", "name": "n"}, retry="r"),
        api.send("POST", "agents/", {"slug": plain, "name": "n"}),
        api.send("POST", "executions/", content=f'{{"{plain}": '.encode()),
        api.send("GET", "policies/", params={"key": plain}),
        api.send("GET", f"policies/{plain}/"),
        api.send("GET", "keys/"),
    ]
    assert answers[0].status_code == 201

    # What the agent itself wrote down as a name is its own doing; the first answer does not repeat it.
    assert not any(secret in answer.text for answer in answers)
    for name in ("web", "worker", "sweep"):
        assert secret not in bench.stack.log(name)
    digests = ("governance_apikey", "governance_storedanswer", "ledger_entry", "ledger_payload")
    with psycopg.connect(bench.stack.ready["owner_database_url"]) as connection:
        for table in digests:
            # The name of the workflow above is in the ledger because it was sent as one.
            rows = connection.execute(
                f"SELECT count(*) FROM waxell.{table} t WHERE t::text LIKE %s",  # noqa: S608 (catalogue names)
                [f"%{secret}%"],
            )
            assert rows.fetchone() == (0,), table
