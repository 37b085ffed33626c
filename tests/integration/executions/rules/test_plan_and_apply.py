"""Rules in a folder: `plan` tells, `apply` does all of it or nothing, and again nothing."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from executions.queries.invariants import check_invariants
from governance.domain.actors import Actor
from governance.domain.kinds import Kind
from governance.models import Agent, Budget, Model, Policy, PolicyVersion, Project, Tool, Workflow
from governance.queries import states
from governance.services import catalogue, policies
from tests.factories import make_person, make_policy, make_project, make_tool
from tests.factories.governance import owner_of
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)

WHOLE = """
project = "{project}"

[teams.research]
name = "Research"

[agents.scout]
name = "Scout"
teams = ["research"]

[tools."payments.refund"]
groups = ["payments"]
cost = "0.01"
risk = "high"
owner = "{owner}"
schema = "refund.json"

[tools.search]

[models."gpt-4o"]
provider = "openai"

[workflows.weather]
description = "What it says."
schedule_agent = "scout"
schedule = "0 8 * * *"

[groups.finance]
name = "Finance"
people = ["{owner}"]

[policies.refunds]
name = "Refunds"

[policies.later]
text = "later.cedar"
mode = "shadow"
in_force = false

[budgets.team-day]
unit = "usd"
scope = "agent"
value = "scout"
period = "day"
limit = "5.00"
default_reservation = "0.05"
on_exceed = "hold"
approvers = "finance"
"""
SCHEMA = '{"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}'
REFUNDS = """@id("large") @message("A person agrees.") @effect("hold") @approvers("finance")
forbid (principal, action == Action::"tool.call/payments.refund", resource)
when { context.args.amount.greaterThan(decimal("500.0")) };
"""
LATER = '@id("no") @message("No.")\nforbid (principal, action, resource == Tool::"search");\n'


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def folder(project: Project, tmp_path: Path) -> Path:
    main = WHOLE.format(project=project.slug, owner=owner_of(project).email)
    beside = {"refund.json": SCHEMA, "refunds.cedar": REFUNDS, "later.cedar": LATER}
    for name, text in {"waxell.toml": main, **beside}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


type Run = Callable[..., str]


@pytest.fixture
def run(project: Project, folder: Path) -> Run:
    def command(name: str, **options: Any) -> str:
        out = StringIO()
        call_command(name, str(folder), email=owner_of(project).email, stdout=out, **options)
        return out.getvalue()

    return command


def rewrite(folder: Path, old: str, new: str, name: str = "waxell.toml") -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def entries(project: Project) -> int:
    return Entry.objects.filter(project_id=project.pk).count()


def test_a_plan_tells_everything_and_changes_nothing(project: Project, run: Run) -> None:
    before = entries(project)

    told = run("plan")

    assert entries(project) == before
    assert not Agent.objects.filter(project=project).exists()
    lines = told.splitlines()
    for line in ("+ agents.scout", "    teams: research", "    cost_micros: $0.01", "    limit: $5.00"):
        assert line in lines
    assert '      +@id("large") @message("A person agrees.") @effect("hold") @approvers("finance")' in told
    assert "10 to change, 0 as they shall be." in told
    assert "left alone: policies.baseline" in told


def test_applied_once_it_is_all_there_and_applied_again_nothing_happens(project: Project, run: Run) -> None:
    run("apply", note="From git.")
    after = entries(project)

    again = run("apply")

    assert entries(project) == after
    assert "Nothing to change: 10." in again
    agent = Agent.objects.get(project=project, slug="scout")
    assert [(team.slug, team.name) for team in agent.teams.all()] == [("research", "Research")]
    refund = Tool.objects.get(project=project, slug="payments.refund")
    assert (refund.risk, refund.owner) == ("high", owner_of(project))
    assert Workflow.objects.get(project=project, slug="weather").schedule_agent == agent
    assert Model.objects.get(project=project).provider == "openai"
    in_force = states.in_force(project.pk)
    assert {policy.slug for policy in in_force.policies} == {"baseline", "refunds"}
    assert [(budget.slug, budget.limit) for budget in in_force.budgets] == [("team-day", 5_000_000)]
    assert PolicyVersion.objects.get(policy__slug="refunds").note == "From git."
    assert check_invariants() == []


def test_what_changes_in_the_files_changes_here_and_the_rest_stays(project: Project, folder: Path, run: Run) -> None:
    run("apply")
    make_tool(project, "by-hand")
    rewrite(folder, '"500.0"', '"250.0"', "refunds.cedar")
    rewrite(folder, 'limit = "5.00"', 'limit = "7.50"')
    rewrite(folder, "in_force = false", "")
    rewrite(folder, 'name = "Scout"', 'name = "Old Scout"')
    rewrite(folder, 'name = "Research"', 'name = "Research and more"')

    told = run("apply")

    assert "5 to change, 5 as they shall be." in told
    lines = told.splitlines()
    for line in (
        "    name: Scout -> Old Scout",
        "    limit: $5.00 -> $7.50",
        "    in_force: no -> yes",
        "    name: Research -> Research and more",
    ):
        assert line in lines
    assert '      -when { context.args.amount.greaterThan(decimal("500.0")) };' in told
    in_force = {policy.slug: policy for policy in states.in_force(project.pk).policies}
    assert "250.0" in in_force["refunds"].text
    assert (in_force["refunds"].version, in_force["later"].mode) == (2, "shadow")
    terms = Budget.objects.get(project=project).versions.latest("number")
    assert (terms.number, terms.limit, terms.default_reservation, terms.approvers) == (2, 7_500_000, 50_000, "finance")
    assert Tool.objects.filter(project=project, slug="by-hand").exists()


def test_taken_out_of_force_and_put_back(project: Project, folder: Path, run: Run) -> None:
    run("apply")
    rewrite(folder, 'name = "Refunds"', 'name = "Refunds"\nin_force = false')
    rewrite(folder, 'unit = "usd"', 'unit = "usd"\nin_force = false')
    run("apply")
    assert {policy.slug for policy in states.in_force(project.pk).policies} == {"baseline"}
    assert states.in_force(project.pk).budgets == ()

    text = (folder / "waxell.toml").read_text().replace('name = "Refunds"\nin_force = false', 'name = "Refunds"')
    (folder / "waxell.toml").write_text(text.replace('unit = "usd"\nin_force = false', 'unit = "usd"'))
    run("apply")

    assert {policy.slug for policy in states.in_force(project.pk).policies} == {"baseline", "refunds"}
    assert len(states.in_force(project.pk).budgets) == 1
    assert "Nothing to change" in run("plan")


def test_names_that_agents_only_mentioned_are_adopted(project: Project, run: Run) -> None:
    catalogue.discover(project_id=project.pk, kind=Kind.TOOL_CALL, slug="search")
    catalogue.discover(project_id=project.pk, kind=Kind.AGENT_DELEGATE, slug="scout")

    assert "~ tools.search" in run("apply")

    assert not Tool.objects.get(project=project, slug="search").discovered
    assert Agent.objects.get(project=project, slug="scout").name == "Scout"
    assert "Nothing to change" in run("plan")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[agents.scout]", "[agents.scout]\ncolour = 1", "agents.scout.colour"),
        ("[agents.scout]", "[agent.scout]", "Unknown: agent."),
        ('project = "', 'project "', "waxell.toml: "),
        ('limit = "5.00"', "limit = true", "budgets.team-day.limit"),
        ('schema = "refund.json"', 'schema = "../refund.json"', "is not beside"),
        ('schema = "refund.json"', 'schema = "none.json"', "none.json cannot be read"),
        ('schema = "refund.json"', 'schema = "later.cedar"', "later.cedar is no JSON"),
        ('mode = "shadow"', 'mode = "maybe"', "policies.later.mode must be one of"),
        ('period = "day"', 'period = "week"', "budgets.team-day"),
        ('approvers = "finance"', 'approvers = "legal"', "budgets.team-day"),
        ('schedule_agent = "scout"', 'schedule_agent = "nobody"', "there is no agent nobody"),
        ('risk = "high"', 'risk = "huge"', "tools.payments.refund.risk must be one of"),
        ('owner = "', 'owner = "nobody-', "Nobody of the project has the address nobody-"),
        ("people = [", 'people = ["nobody@example.org", ', "nobody here has the address nobody@example.org"),
    ],
)
def test_what_cannot_be_is_said_with_its_place_and_nothing_is_half_done(
    project: Project, folder: Path, run: Run, *, old: str, new: str, why: str
) -> None:
    rewrite(folder, old, new)
    before = entries(project)

    for command in ("plan", "apply"):
        with pytest.raises(CommandError) as refusal:
            run(command)
        assert why in str(refusal.value)

    assert entries(project) == before
    assert not Agent.objects.filter(project=project).exists()


def test_a_text_that_does_not_fit_is_refused_with_its_line(project: Project, folder: Path, run: Run) -> None:
    rewrite(folder, "context.args.amount", "context.args.amuont", "refunds.cedar")

    with pytest.raises(CommandError, match=r"policies.refunds: .*\n  line 3: .*amuont"):
        run("apply")

    assert not Policy.objects.filter(project=project, slug="refunds").exists()


def test_what_never_changes_is_said(project: Project, folder: Path, run: Run) -> None:
    run("apply")
    rewrite(folder, 'period = "day"', 'period = "month"')
    with pytest.raises(CommandError, match="its period never changes"):
        run("plan")
    rewrite(folder, 'period = "month"', 'period = "day"')
    rewrite(folder, 'provider = "openai"', 'provider = "another"')
    with pytest.raises(CommandError, match="a model keeps its provider"):
        run("plan")


def test_a_check_fails_where_something_differs(run: Run) -> None:
    with pytest.raises(SystemExit):
        run("plan", check=True)
    run("apply")
    run("plan", check=True)


def test_only_an_owner_applies(project: Project, folder: Path) -> None:
    with pytest.raises(CommandError, match="no right"):
        call_command("apply", str(folder), email=make_person("Mallory").email)


def test_a_draft_that_somebody_works_on_is_left_alone_while_its_policy_does_not_change(
    project: Project, folder: Path, run: Run
) -> None:
    run("apply")
    policy = Policy.objects.get(project=project, slug="refunds")
    policies.save_draft(policy=policy, actor=Actor(person=owner_of(project).pk), text=REFUNDS + "// to be continued\n")

    assert "Nothing to change" in run("apply")

    policy.refresh_from_db()
    assert policy.draft_text.endswith("// to be continued\n")


def test_other_policies_stay_in_force(project: Project, run: Run) -> None:
    make_tool(project)
    make_policy(project, slug="elsewhere")

    run("apply")

    assert "elsewhere" in {policy.slug for policy in states.in_force(project.pk).policies}
