"""Model calls through a real LiteLLM proxy: allowed, refused, held, stopped, streamed, at once, and without Waxell."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.factories import make_budget
from tests.journeys.adapters.conftest import Approver, Record, record_of, rule_on_model
from tests.journeys.adapters.proxies import CONFIG, StartProxy, start_proxy
from tests.servers import openai_stub
from tests.servers.cable import lay
from tests.servers.openai_stub import OpenAIStub
from tests.stack.fixtures import Bench
from tests.stack.running import wait_until

__all__ = ["start_proxy"]

pytestmark = pytest.mark.process

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Tell me a fact."}]
ALLOWED = [("gpt-4o-mini", "allow")]


@pytest.fixture
def provider() -> Iterator[OpenAIStub]:
    with openai_stub.serve(tokens_out=200) as provider:
        yield provider


def ask(proxy: httpx.Client, model: str = "gpt-4o-mini", **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    return proxy.post(CHAT, json={"model": model, "messages": MESSAGES, **more}, headers=headers)


def ended(bench: Bench, number: int = 1) -> list[Any]:
    """The executions of the project, once there are so many and all are over: they end after the answer is given."""

    def look() -> list[Any] | None:
        rows = bench.governor.items("executions/")
        return rows if len(rows) == number and not {row["state"] for row in rows} & {"running", "suspended"} else None

    return list(wait_until(look, 60))


def record(bench: Bench) -> Record:
    ended(bench)
    return record_of(bench)


def test_what_is_allowed_is_made_settled_and_closed(
    bench: Bench, start_proxy: StartProxy, provider: OpenAIStub
) -> None:
    proxy = start_proxy(config=CONFIG)

    answer = ask(proxy, metadata={"workflow": "tell-facts"}, user="zoe")

    assert answer.json()["choices"][0]["message"]["content"] == "Fact no. 1."
    found = record(bench)
    assert (found.state, found.verdicts, found.shown["workflow"]) == ("completed", ALLOWED, "tell-facts")
    # Four words in, two hundred tokens out: 0.6 and 120 millionths of a dollar.
    assert found.used == (1, 204, "0.000121")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {"messages": MESSAGES, "stream": True}),
        ("/v1/responses", {"input": "Tell me a fact."}),
        ("/v1/responses", {"input": "Tell me a fact.", "stream": True}),
        ("/v1/messages", {"messages": MESSAGES, "max_tokens": 300}),
    ],
)
def test_whatever_the_protocol_it_is_settled_with_its_usage(
    bench: Bench, start_proxy: StartProxy, path: str, body: dict[str, Any]
) -> None:
    answer = start_proxy().post(path, json={"model": "house-model", **body})

    assert "Fact" in answer.text
    found = record(bench)
    assert (found.state, found.verdicts) == ("completed", [("house-model", "allow")])
    calls, tokens, usd = found.used
    assert (calls, 201 < tokens < 210, Decimal("0.00012") < Decimal(usd) < Decimal("0.000125")) == (1, True, True)


def test_what_is_refused_is_not_made(bench: Bench, start_proxy: StartProxy, provider: OpenAIStub) -> None:
    rule_on_model(bench, "deny", "gpt-4o-mini")
    proxy = start_proxy()

    whole, streamed = ask(proxy), ask(proxy, stream=True)

    for answer in (whole, streamed):
        error = answer.json()["error"]
        assert (answer.status_code, error["type"]) == (403, "permission_error")
        assert error["message"].startswith("gpt-4o-mini was refused:")
        assert error["provider_specific_fields"]["waxell"]["code"] == "refused"
    assert provider.asked == []
    assert [row["state"] for row in ended(bench, 2)] == ["failed", "failed"]


def test_what_is_held_is_made_when_a_person_has_agreed(
    bench: Bench, start_proxy: StartProxy, provider: OpenAIStub
) -> None:
    rule_on_model(bench, "hold", "gpt-4o-mini")
    proxy = start_proxy()

    with Approver(bench):
        assert ask(proxy).status_code == 200

    found = record(bench)
    assert (found.state, found.verdicts) == ("completed", [("gpt-4o-mini", "hold"), *ALLOWED])
    assert len(provider.asked) == 1


def test_what_nobody_decides_in_time_is_answered_with_where_to_decide(
    bench: Bench, start_proxy: StartProxy, provider: OpenAIStub
) -> None:
    rule_on_model(bench, "hold", "gpt-4o-mini")
    proxy = start_proxy(hold=1)

    run = bench.start()
    headers = {"x-waxell-execution": run.id, "x-waxell-fence": str(run.fence)}

    answer = ask(proxy, headers=headers)
    waxell = answer.json()["error"]["provider_specific_fields"]["waxell"]
    assert (answer.status_code, waxell["code"]) == (409, "held")
    assert waxell["address"].endswith(f"/approvals/{waxell['approval']}/")
    # Its execution lives on, so what was granted meanwhile is made when it is asked for again.
    with Approver(bench):
        pass
    assert ask(proxy, headers=headers).status_code == 200

    assert len(provider.asked) == 1
    wait_until(lambda: run.show()["counts"]["unresolved"] == 0, 30)
    run.close()


def test_a_call_of_a_running_execution_is_an_action_of_it_and_ends_with_it(
    bench: Bench, start_proxy: StartProxy, provider: OpenAIStub
) -> None:
    proxy = start_proxy()
    run = bench.start()
    headers = {"x-waxell-execution": run.id, "x-waxell-fence": str(run.fence)}

    assert ask(proxy, headers=headers).status_code == 200
    wait_until(lambda: run.show()["counts"]["tokens"] == 204, 30)
    bench.governor.post(
        "kill-orders/", {"scope": {"type": "execution", "value": run.id}, "reason": "Enough."}, expect=201
    )
    stopped = ask(proxy, headers=headers)
    unnamed = ask(proxy, headers={"x-waxell-execution": "../agents"})

    assert (stopped.status_code, unnamed.status_code) == (403, 400)
    assert stopped.json()["error"]["provider_specific_fields"]["waxell"]["code"] == "stopped"
    assert len(provider.asked) == 1
    found = record_of(bench)
    assert (found.state, found.verdicts[0]) == ("halted", ALLOWED[0])


def test_a_rule_that_stops_ends_the_call(bench: Bench, start_proxy: StartProxy, provider: OpenAIStub) -> None:
    rule_on_model(bench, "halt", "gpt-4o-mini")

    answer = ask(start_proxy())

    assert answer.status_code == 403
    assert answer.json()["error"]["provider_specific_fields"]["waxell"]["code"] == "stopped"
    found = record(bench)
    assert (found.state, found.verdicts, provider.asked) == ("halted", [("gpt-4o-mini", "halt")], [])


def test_a_stream_is_settled_when_whoever_asked_has_gone(
    bench: Bench, start_proxy: StartProxy, provider: OpenAIStub
) -> None:
    proxy = start_proxy()
    provider.goes_on.clear()

    with proxy.stream("POST", CHAT, json={"model": "gpt-4o-mini", "messages": MESSAGES, "stream": True}) as answer:
        assert next(answer.iter_lines()).startswith("data:")
    provider.goes_on.set()

    found = record(bench)
    assert (found.state, found.verdicts) == ("completed", ALLOWED)


def test_a_failed_call_is_settled_as_that_and_no_other_model_takes_its_place(
    bench: Bench, start_proxy: StartProxy, provider: OpenAIStub
) -> None:
    answer = ask(start_proxy(), "broken")

    found = record(bench)
    assert answer.status_code == 500
    assert {body["model"] for body in provider.asked} == {"broken"}
    assert (found.state, found.verdicts) == ("failed", [("broken", "allow")])
    assert found.actions[0]["result"]["status"] == "error"


def test_fifty_at_once(bench: Bench, start_proxy: StartProxy, provider: OpenAIStub) -> None:
    proxy = start_proxy()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: ask(proxy, stream=n % 2 == 0).status_code, range(50)))

    assert answers == [200] * 50
    rows = ended(bench, 50)
    assert {row["state"] for row in rows} == {"completed"}
    assert {(row["counts"]["model_calls"], row["counts"]["tokens"], row["counts"]["unresolved"]) for row in rows} == {
        (1, 204, 0)
    }
    assert len(provider.asked) == 50


def test_a_budget_of_one_dollar_is_never_exceeded(bench: Bench, start_proxy: StartProxy, provider: OpenAIStub) -> None:
    make_budget(
        bench.project, slug="dollar", unit="usd", limit=1_000_000, default_reservation=100_000, on_exceed="deny"
    )
    proxy = start_proxy()
    # Each may cost, and does cost, a little over six cents.
    provider.tokens_out = 100_000

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: ask(proxy, "house-model", max_tokens=100_000).status_code, range(40)))

    rows = ended(bench, 40)
    (window,) = bench.governor.get("budgets/dollar/")["windows"]
    assert (answers.count(200), answers.count(403)) == (len(provider.asked), 40 - len(provider.asked))
    assert Decimal("0.90") < Decimal(window["spent"]) <= 1
    assert (Decimal(window["reserved"]), Decimal(window["overrun"])) == (0, 0)
    assert {row["state"] for row in rows} == {"completed", "failed"}


def test_nothing_is_made_while_waxell_is_away(bench: Bench, start_proxy: StartProxy, provider: OpenAIStub) -> None:
    with lay(bench.stack.ready["url"]) as cable:
        proxy = start_proxy(url=cable.url)
        cable.cut()
        answer = ask(proxy)
        cable.mend()
        assert ask(proxy).status_code == 200
        ended(bench)

    error = answer.json()["error"]
    assert (answer.status_code, error["provider_specific_fields"]["waxell"]["code"]) == (503, "unreachable")
    assert len(provider.asked) == 1
