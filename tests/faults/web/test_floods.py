"""D11: whoever loops is stopped, whoever races gets an answer, and nobody else notices."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import make_agent, make_policy, make_tool
from tests.stack.api import Api
from tests.stack.fixtures import Bench

pytestmark = pytest.mark.process

MANY = 64


def test_a_looping_agent_is_halted_and_others_go_on(bench: Bench) -> None:
    make_tool(bench.project, "mail")
    make_policy(bench.project)
    other = bench.start()
    run = bench.start()

    verdicts = []
    while not verdicts or verdicts[-1] == "deny":
        verdicts.append(run.ask("mail")["verdict"])

    assert verdicts == ["deny"] * (len(verdicts) - 1) + ["halt"]
    assert 99 <= len(verdicts) <= 101
    assert run.show()["cause"]["code"] == "too_many_refusals"
    assert run.ask("mail", expect=409)["code"] == "execution_closed"
    assert other.ask()["verdict"] == "allow"


def test_a_key_beyond_its_rate_waits_and_others_do_not(bench: Bench) -> None:
    slow = bench.key(agent=make_agent(bench.project, "slow"), requests_per_minute=5)

    answers = [slow.send("POST", "executions/", {"workflow": "errand"}) for _ in range(30)]
    reads = [slow.send("GET", "executions/").status_code for _ in range(5)]

    allowed = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(allowed) + len(refused) == 30
    # Each web process counts for itself.
    assert 5 <= len(allowed) <= 10
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert {answer.json()["code"] for answer in refused} == {"too_many_requests"}
    assert 429 in reads
    assert bench.start().answer["state"] == "running"
    assert len(bench.governor.items("executions/", agent="slow")) == len(allowed)


def test_nobody_uses_up_the_rate_of_a_key_that_is_not_theirs(bench: Bench) -> None:
    slow = bench.key(agent=make_agent(bench.project, "slow"), requests_per_minute=5)
    guessed = Api(http=bench.stack.http, key=f"{slow.key}"[:-4] + "none")

    statuses = {guessed.send("POST", "executions/", {"workflow": "errand"}).status_code for _ in range(30)}

    assert statuses == {401}
    assert slow.send("POST", "executions/", {"workflow": "errand"}).status_code == 201


def test_malformed_requests_at_once_leave_everything_as_it_is(bench: Bench) -> None:
    run = bench.start()

    with ThreadPoolExecutor(16) as pool:
        bodies = [b"{", b"[]", b'{"fence": 1, "fence": 1}', b"\xff"] * 50
        statuses = set(
            pool.map(lambda c: bench.scout.send("POST", f"{run.path}actions/", content=c).status_code, bodies)
        )

    assert statuses == {400}
    assert run.ask()["seq"] == 2


def test_every_caller_on_one_execution_gets_an_answer(bench: Bench) -> None:
    run = bench.start()

    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(lambda number: run.ask(f"tool-{number}"), range(MANY)))

    assert {answer["verdict"] for answer in answers} == {"allow"}
    assert sorted(answer["seq"] for answer in answers) == list(range(2, MANY + 2))
    assert run.close()["record"]["entries"] == MANY + 2


@pytest.mark.parametrize(
    ("budget", "asked", "granted"),
    [
        ({"unit": "tool_calls", "limit": 10}, {}, 10),
        ({"unit": "usd", "limit": "1.00", "default_reservation": "1"}, {"estimate": {"usd": "0.15"}}, 6),
    ],
)
def test_a_race_for_the_last_units_grants_exactly_what_is_left(
    bench: Bench, budget: dict, asked: dict, granted: int
) -> None:
    bench.governor.post(
        "budgets/",
        {"slug": "last", "name": "Last", "scope": {"type": "project"}, "period": "day", "on_exceed": "deny", **budget},
        expect=201,
    )
    runs = [bench.start() for _ in range(MANY)]

    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(lambda run: run.ask(**asked), runs))

    refused = [answer for answer in answers if answer["verdict"] == "deny"]
    assert len(answers) - len(refused) == granted
    each = float(asked["estimate"]["usd"]) if asked else 1
    for answer in refused:
        (reason,) = answer["reasons"]
        seen = {name: float(reason[name]) for name in ("limit", "reserved", "spent", "asked")}
        assert seen["limit"] == float(budget["limit"])
        # The numbers seen really do leave no room.
        assert seen["reserved"] + seen["spent"] + seen["asked"] > seen["limit"]
        assert (seen["asked"], seen["reserved"]) == pytest.approx((each, each * granted))


def test_a_stranger_who_loops_is_answered_and_not_served(bench: Bench) -> None:
    nobody = Api(http=bench.stack.http, key="wxk_0123456789abcdef_" + "x" * 43)

    with ThreadPoolExecutor(16) as pool:
        statuses = set(pool.map(lambda _: nobody.send("GET", "executions/").status_code, range(200)))

    assert statuses == {401}
    assert bench.start().answer["state"] == "running"
