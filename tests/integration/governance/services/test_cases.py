import orjson
import pytest
from django.db import ProgrammingError

from governance.domain import cases as domain
from governance.domain.actors import Actor
from governance.models import PolicyCase, Project
from governance.queries import cases as queries
from governance.queries import states
from governance.services import cases, policies, rights
from governance.services.cases import CaseConflict, CaseInvalid, CasesFail, Source
from governance.services.names import NameTaken
from tests.factories import make_agent, make_person, make_policy, make_project, make_tool
from tests.factories.executions import start
from waxell.ledger.models import Entry, Payload

pytestmark = pytest.mark.django_db

SYSTEM = Actor(system="test")
SCHEMA = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}
LARGE = """
@id("large") @message("Too much.") @effect("{effect}")
forbid (principal, action == Action::"tool.call/refund", resource) when {{ context.args.amount > 100 }};
@id("night") @message("Not at night.") @effect("flag")
forbid (principal in Team::"reds", action in Action::"tool.call", resource) when {{ context.hour < 6 }};
"""
DENY = LARGE.format(effect="deny")


@pytest.fixture
def project() -> Project:
    project = make_project()
    make_tool(project, "refund", schema=SCHEMA)
    make_agent(project, teams=["reds"])
    return project


@pytest.fixture
def policy(project):
    return make_policy(project, DENY, slug="refunds")


def keep(policy, name, wanted, **given):
    made = domain.example(**{"kind": "tool.call", "resource": "refund", "agent": "scout", "args": None, **given})
    return cases.keep(policy=policy, actor=SYSTEM, name=name, wanted=wanted, given=made)


def outcomes(policy, text, **options):
    results = queries.run(policy, text, **{"contents": True, **options})
    return {result.case.name: (result.passed, result.answer and result.answer.rule) for result in results}


def test_cases_say_which_rule_decides(policy):
    keep(policy, "large", "deny", args={"amount": 500})
    keep(policy, "small", "allow", args={"amount": 5})
    keep(policy, "late", "flag", args={"amount": 5}, context={"hour": 3})
    keep(policy, "late, by others", "allow", args={"amount": 5}, context={"hour": 3, "teams": ["blues"]})
    keep(policy, "misfit", "deny", args={"amount": "much"})

    assert outcomes(policy, DENY) == {
        "large": (True, "large"),
        "small": (True, None),
        "late": (True, "night"),
        "late, by others": (True, None),
        "misfit": (True, None),
    }
    assert outcomes(policy, LARGE.format(effect="hold"))["large"] == (False, "large")


def test_a_case_is_about_its_policy_alone(policy, project):
    make_policy(project, '@id("all") @message("No.") forbid (principal, action, resource);')
    keep(policy, "small", "allow", args={"amount": 5})

    assert outcomes(policy, DENY) == {"small": (True, None)}


def test_a_policy_that_permits_something_is_asked_for_its_own_permits(policy, project):
    keep(policy, "small", "deny", args={"amount": 5})

    assert outcomes(policy, '@id("x") permit (principal == Agent::"other", action, resource);') == {
        "small": (True, None)
    }


@pytest.mark.parametrize(
    "given",
    [
        {"context": {"our": 3}},
        {"context": {"hour": 24}},
        {"context": {"execution": {"actoins": 1}}},
        {"context": {"weekday": "Monday"}},
        {"kind": "tool.cal"},
        {"resource": ""},
    ],
)
def test_what_no_action_could_be_is_refused(policy, given):
    with pytest.raises(CaseInvalid):
        keep(policy, "odd", "deny", **given)


def test_publishing_with_a_failing_case_needs_a_reason_that_is_recorded(policy, project):
    keep(policy, "large", "allow", args={"amount": 500})
    number = states.in_force(project.pk).number

    with pytest.raises(CasesFail) as refused:
        policies.publish(policy=policy, actor=SYSTEM, override="  ")
    assert refused.value.members["cases"][0]["name"] == "large"
    with pytest.raises(CasesFail):
        policies.publish_version(policy=policy, number=1, actor=SYSTEM)
    assert states.in_force(project.pk).number == number

    made = policies.publish(policy=policy, actor=SYSTEM, override="It is urgent.")
    entry = Entry.objects.get(stream=project.pk, seq=made.published.receipt.seq)
    assert b'"cases_overridden":["large"]' in bytes(entry.body)
    reason = Payload.objects.get(stream=project.pk, seq=entry.seq, name="override")
    assert bytes(reason.content) == b"It is urgent."


def test_a_passing_case_leaves_no_mark_on_a_publication(policy, project):
    keep(policy, "large", "deny", args={"amount": 500})

    made = policies.publish(policy=policy, actor=SYSTEM, override="Not needed.")

    assert b"cases" not in bytes(Entry.objects.get(stream=project.pk, seq=made.published.receipt.seq).body)


def test_changes_are_new_rows_and_two_at_once_notice_each_other(policy):
    first = keep(policy, "large", "deny", args={"amount": 500})
    with pytest.raises(NameTaken):
        keep(policy, "large", "allow", args={"amount": 500})

    second = cases.keep(policy=policy, actor=SYSTEM, name="large", wanted="hold", given=first.given, replaces=first)
    with pytest.raises(CaseConflict):
        cases.remove(case=first, actor=SYSTEM)
    cases.remove(case=second, actor=SYSTEM)

    assert queries.current(policy) == []
    assert keep(policy, "large", "deny", args={"amount": 500}).revision == 4
    assert PolicyCase.objects.filter(policy=policy).count() == 4


def test_the_database_refuses_to_change_a_case(policy):
    case = keep(policy, "large", "deny", args={"amount": 500})

    with pytest.raises(ProgrammingError, match="permission denied"):
        PolicyCase.objects.filter(pk=case.pk).update(wanted="allow")


def test_recorded_arguments_are_read_where_they_are_and_not_copied(policy, project):
    run = start(project, agent=project.agents.get(slug="scout"))
    asked = run.ask("refund", args={"amount": 500})
    entry = Entry.objects.get(stream=run.id, seq=2)
    facts = orjson.loads(bytes(entry.body))["facts"]
    case = cases.keep(
        policy=policy,
        actor=SYSTEM,
        name="as it was",
        wanted="deny",
        given=domain.recorded(facts),
        source=Source(stream=run.id, seq=2),
    )

    assert asked is not None
    assert "500" not in str(case.given)
    assert outcomes(policy, DENY) == {"as it was": (True, "large")}
    (hidden,) = queries.run(policy, DENY, contents=False)
    assert (hidden.passed, hidden.answer) == (False, None)

    reader = make_person("Bob")
    rights.grant_role(project=project, person=reader, role="author", actor=SYSTEM)
    assert not cases.sees_contents(policy, Actor(person=reader.pk))
    with pytest.raises(CasesFail):
        policies.publish(policy=policy, actor=Actor(person=reader.pk))
