"""A closed execution arrives at an OpenTelemetry collector as a trace, without anything that it handled."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from executions.domain.tracing import TraceContext, span_of
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.models import Project
from tests.factories import make_agent, make_key, make_policy, make_project, make_tool
from tests.factories.executions import Run, caller_of, start
from tests.outbox import make_destination, make_due, send_due
from tests.outbox.collectors import read
from tests.sealing.ground import Ground
from tests.servers.receivers import Got, Receiver
from waxell.outbox.domain import otlp
from waxell.outbox.domain.otlp import Span
from waxell.outbox.models import Destination, Message
from waxell.outbox.services import dispatching, posting
from waxell.outbox.services.destinations import EventUnknown, HeaderInvalid

pytestmark = pytest.mark.django_db(transaction=True)

RULES = """@id("no-rm") @message("Nothing is removed.") @effect("deny")
forbid (principal, action in Action::"tool.call", resource == Tool::"rm");
@id("over") @message("This is over.") @effect("halt")
forbid (principal, action in Action::"tool.call", resource == Tool::"bomb");"""
HOOK = "/hooks/waxell"
OTLP = Destination.Kind.OTLP


@pytest.fixture
def project() -> Project:
    made = make_project()
    for name in ("rm", "bomb"):
        make_tool(made, name)
    make_policy(made, RULES, slug="tools")
    return made


def traced(project: Project, trace: TraceContext, **wanted: object) -> Run:
    """Start an execution in a span of the caller's."""
    caller = replace(caller_of(make_key(project, make_agent(project))), trace=trace)
    return start(project, caller=caller, **wanted)


def deliver(ground: Ground) -> None:
    ground.seal()
    while dispatching.dispatch_sealed():
        pass
    send_due()


def test_a_record_arrives_as_a_trace(ground: Ground, project: Project, receiver: Receiver) -> None:
    collector = receiver.url.removesuffix(HOOK)
    destination, secret = make_destination(project, collector, kind=OTLP, header="X-Team: blue")
    make_destination(project, receiver.url, events=["execution.failed"])
    run = start(project, agent=make_agent(project, slug="scout"), environment="production")
    model = run.ask("gpt-4o", kind=Kind.MODEL_CALL, args={"prompt": "secret words"}, estimate=Estimate(tokens=10))
    run.report(model.body["receipt"]["seq"], output="secret answer", tokens_in=3, tokens_out=4, model="gpt-4o")
    run.ask("rm")
    run.ask("search", args={"q": "secret question"})
    run.close()
    deliver(ground)

    assert secret == ""
    (got,) = receiver.got
    assert got.path == "/v1/traces"
    assert got.headers["x-team"] == "blue"
    assert b"secret" not in got.body
    resource, (root, chat, removal, search) = read(got)
    assert resource == {
        "service.name": "scout",
        "service.namespace": project.slug,
        "deployment.environment.name": "production",
    }
    assert (root["name"], root["parent"], root["trace"]) == ("invoke_agent scout", "", run.id.hex)
    assert (root["status"], root["waxell.state"], root["waxell.workflow"]) == (1, "completed", "errand")
    assert root["events"] == ["execution.start"]
    assert {span["parent"] for span in (chat, removal, search)} == {root["id"]}
    assert {span["trace"] for span in (chat, removal, search)} == {root["trace"]}
    assert (chat["name"], chat["gen_ai.operation.name"], chat["gen_ai.request.model"]) == (
        "chat gpt-4o",
        "chat",
        "gpt-4o",
    )
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == (3, 4)
    assert root["began"] <= chat["began"] < chat["ended"] <= root["ended"]
    assert (removal["status"], removal["message"]) == (2, "Nothing is removed.")
    assert (removal["waxell.verdict"], removal["waxell.rules"]) == ("deny", ["tools/no-rm"])
    assert (search["name"], search["status"], search["gen_ai.tool.name"]) == ("execute_tool search", 1, "search")
    assert Message.objects.get(destination=destination).state == "delivered"


def test_a_stopped_execution_is_an_error(ground: Ground, project: Project, receiver: Receiver) -> None:
    make_destination(project, receiver.url, kind=OTLP)
    run = start(project)
    run.ask("bomb")
    assert run.state == "halted"
    deliver(ground)

    (got,) = receiver.got
    _, (root, bomb) = read(got)
    assert (root["status"], root["message"], root["waxell.state"]) == (2, "This is over.", "halted")
    assert (bomb["waxell.verdict"], bomb["status"]) == ("halt", 2)


def test_an_execution_belongs_to_the_callers_trace_and_its_children_to_it(
    ground: Ground, project: Project, receiver: Receiver
) -> None:
    make_destination(project, receiver.url, kind=OTLP)
    given = TraceContext(trace_id="1" * 32, span_id="2" * 16)
    parent = traced(project, given)
    parent.ask()
    parent.caller = replace(parent.caller, trace=TraceContext(trace_id="1" * 32, span_id="3" * 16))
    parent.ask("inner")
    parent.caller = replace(parent.caller, trace=TraceContext(trace_id="4" * 32, span_id="5" * 16))
    parent.ask("elsewhere")
    parent.caller = replace(parent.caller, trace=None)
    child = start(project, caller=parent.caller, parent=parent.id)
    child.close()
    parent.close()
    deliver(ground)

    told = {spans[0]["waxell.execution"]: spans for spans in (read(got)[1] for got in receiver.got)}
    root, first, inner, elsewhere = told[str(parent.id)]
    assert (root["trace"], root["parent"]) == ("1" * 32, "2" * 16)
    assert (first["parent"], inner["parent"]) == ("2" * 16, "3" * 16)
    assert (elsewhere["parent"], elsewhere["links"]) == (root["id"], [("4" * 32, "5" * 16)])
    (below,) = told[str(child.id)]
    assert (below["trace"], below["parent"]) == ("1" * 32, root["id"])
    assert below["id"] == span_of(child.id, 1)


def test_a_long_record_comes_in_several_requests_and_again_whole(
    ground: Ground, project: Project, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "MOST_SPANS", 2)
    make_destination(project, receiver.url, kind=OTLP)
    run = start(project)
    for _ in range(4):
        run.ask()
    run.close()
    receiver.status = 503
    deliver(ground)
    assert len(receiver.got) == 1
    receiver.status = 200
    make_due()
    send_due()

    _, *again = receiver.got
    assert receiver.got[0].body == again[0].body
    names = [span["name"] for got in again for span in read(got)[1]]
    assert [name.split()[0] for name in names] == ["invoke_agent", *["execute_tool"] * 4]


def test_a_test_is_a_trace_of_its_own(project: Project, receiver: Receiver) -> None:
    destination, _ = make_destination(project, receiver.url, kind=OTLP)
    posting.post_test(destination, project=project.slug, path="/")
    send_due()

    (got,) = receiver.got
    assert got.path == HOOK
    assert [span["name"] for span in read(got)[1]] == ["waxell.test"]


@pytest.mark.parametrize(
    "header", ["no header", "Host: elsewhere", "Content-Length: 1", "X: a\r\nY: b", "X: ", "Ä: b", "X: " + "y" * 5000]
)
def test_a_header_that_cannot_be_sent_is_refused(project: Project, receiver: Receiver, header: str) -> None:
    with pytest.raises(HeaderInvalid):
        make_destination(project, receiver.url, kind=OTLP, header=header)


def test_a_collector_names_no_events_and_nobody_else_has_a_header(project: Project, receiver: Receiver) -> None:
    with pytest.raises(EventUnknown, match="every execution"):
        make_destination(project, receiver.url, kind=OTLP, events=["execution.halted"])
    with pytest.raises(HeaderInvalid, match="Only a collector"):
        make_destination(project, receiver.url, header="X: y")


def test_every_type_of_attribute_is_written_as_otlp_has_it() -> None:
    at = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
    given = {"text": "ä", "flag": True, "count": 2**60, "share": 0.5, "many": ["a", "b"], "none": []}
    span = Span(trace_id="a" * 32, span_id="b" * 16, name="x", began=at, ended=at, attributes=given)
    (body,) = otlp.requests([span], resource={}, scope="waxell")

    _, (read_back,) = read(Got(path="", headers={}, body=body))
    assert {name: read_back[name] for name in given} == given
    assert read_back["began"] == 1_772_357_400_123_456_000
