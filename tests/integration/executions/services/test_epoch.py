"""What changes in the registry between two actions binds the very next one, though a process remembers the first."""

from collections.abc import Callable
from typing import Any

import psycopg

from governance.domain.actors import Actor
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.models import Agent, ApiKey, Model, Project, ProjectHead, Team, Tool, Workflow
from governance.services import agents, catalogue, keys, projects
from tests.factories import make_agent, make_budget, make_key, make_tool, make_workflow
from tests.factories.executions import start
from tests.factories.roads import FULL, SHORT, take, warm

SYSTEM = Actor(system="test")
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}

type Change = Callable[[Project], object]
type Fact = Callable[[dict[str, Any]], object]


def _tool(slug: str = "search") -> Any:
    return Tool.objects.filter(slug=slug)


def _in_teams(*slugs: str) -> Change:
    return lambda project: agents.change(agent=Agent.objects.get(slug="scout"), actor=SYSTEM, teams=slugs)


def _adopt(model: type[Tool] | type[Workflow] | type[Model], slug: str) -> Change:
    return lambda project: catalogue.adopt(name=model.objects.get(slug=slug), actor=SYSTEM)


def _change_tool(project: Project) -> None:
    catalogue.change_tool(tool=_tool().get(), actor=SYSTEM, schema=SCHEMA, groups=["g"], description="", cost_micros=8)


SEARCH: dict[str, Any] = {"resource": "search", "args": {"q": "x"}}
MODEL: dict[str, Any] = {"resource": "gpt", "kind": Kind.MODEL_CALL}
DELEGATE: dict[str, Any] = {"resource": "helper", "kind": Kind.AGENT_DELEGATE}

# What is asked, what changes, and what the next entry says of it; None where no fact of an action shows it.
CHANGES: dict[str, tuple[dict[str, Any], Change, Fact | None]] = {
    "a tool's groups, in bulk": (
        SEARCH,
        lambda project: _tool().update(groups=["danger"]),
        lambda entry: entry["facts"]["resource"]["groups"] == ["danger"],
    ),
    "a tool is no longer adopted": (
        SEARCH,
        lambda project: _tool().update(discovered=True),
        lambda entry: entry["facts"]["resource"]["discovered"] is True,
    ),
    "a tool is adopted": (
        SEARCH,
        _adopt(Tool, "search"),
        lambda entry: not entry["facts"]["resource"].get("discovered"),
    ),
    "a tool's cost": (
        SEARCH,
        lambda project: _tool().update(cost_micros=77),
        lambda entry: entry["reserved"][0]["amount"] == 77,
    ),
    "tools in bulk_update": (
        SEARCH,
        lambda project: Tool.objects.bulk_update([_with(_tool().get(), cost_micros=78)], ["cost_micros"]),
        lambda entry: entry["reserved"][0]["amount"] == 78,
    ),
    "a tool's schema, groups and cost": (
        SEARCH,
        _change_tool,
        lambda entry: (
            (entry["facts"]["has_args"], entry["facts"]["resource"]["groups"], entry["reserved"][0]["amount"])
            == (True, ["g"], 8)
        ),
    ),
    "an agent's teams, added": (
        SEARCH,
        _in_teams("red", "blue"),
        lambda entry: entry["facts"]["principal"]["teams"] == ["blue", "red"],
    ),
    "an agent's teams, taken away": (
        SEARCH,
        _in_teams("red"),
        lambda entry: entry["facts"]["principal"]["teams"] == ["red"],
    ),
    "a membership in bulk": (
        SEARCH,
        lambda project: Agent.teams.through.objects.bulk_create(
            [Agent.teams.through(agent_id=Agent.objects.get(slug="scout").pk, team_id=Team.objects.get(slug="blue").pk)]
        ),
        lambda entry: entry["facts"]["principal"]["teams"] == ["blue", "red"],
    ),
    "memberships deleted in bulk": (
        SEARCH,
        lambda project: Agent.teams.through.objects.filter(team__slug="blue").delete(),
        lambda entry: entry["facts"]["principal"]["teams"] == ["red"],
    ),
    "a team's name in rules": (
        SEARCH,
        lambda project: Team.objects.filter(slug="red").update(slug="crimson"),
        lambda entry: entry["facts"]["principal"]["teams"] == ["crimson"],
    ),
    "an agent's name in rules": (
        SEARCH,
        lambda project: Agent.objects.filter(slug="scout").update(slug="ranger"),
        lambda entry: entry["facts"]["principal"]["slug"] == "ranger",
    ),
    "a model's provider": (
        MODEL,
        lambda project: Model.objects.filter(slug="gpt").update(provider="acme"),
        lambda entry: entry["facts"]["resource"]["groups"] == ["acme"],
    ),
    "the team of an agent that is delegated to": (
        DELEGATE,
        lambda project: agents.change(agent=Agent.objects.get(slug="helper"), actor=SYSTEM, teams=["crimson"]),
        lambda entry: entry["facts"]["resource"]["groups"] == ["crimson"],
    ),
    "an agent that is delegated to is no longer adopted": (
        DELEGATE,
        lambda project: Agent.objects.filter(slug="helper").update(discovered=True),
        lambda entry: entry["facts"]["resource"]["discovered"] is True,
    ),
    "the project's time zone": (
        SEARCH,
        lambda project: projects.change_settings(project=project, actor=SYSTEM, time_zone="Pacific/Kiritimati"),
        lambda entry: entry["facts"]["moment"]["hour"] == (int(entry["at"][11:13]) + 14) % 24,
    ),
    "a workflow's adoption": (SEARCH, lambda project: Workflow.objects.update(discovered=True), None),
    "new tools in bulk": (SEARCH, lambda project: Tool.objects.bulk_create([Tool(project=project, slug="new")]), None),
    "new models in bulk": (MODEL, lambda p: Model.objects.bulk_create([Model(project=p, slug="new")]), None),
    "new agents in bulk": (DELEGATE, lambda p: Agent.objects.bulk_create([Agent(project=p, slug="x", name="x")]), None),
}


def test_every_change_of_the_registry_binds_the_next_action(project: Project) -> None:
    make_workflow(project)
    make_tool(project, "search")
    catalogue.register_model(project=project, actor=SYSTEM, slug="gpt")
    make_agent(project, "helper")
    Team.objects.bulk_create([Team(project=project, slug=slug, name=slug) for slug in ("red", "blue")])
    make_budget(project, unit="usd", limit=10**9, default_reservation=5)
    run = start(project, agent=make_agent(project))
    wrong = {}

    for name, (action, change, shows) in CHANGES.items():
        warm(run, **action)
        epoch = _epoch(project)
        change(project)
        moved = _epoch(project) > epoch
        roads = [take(lambda action=action: run.ask(**action))[0] for _ in range(2)]
        shown = shows is None or shows(run.entries[-2])
        if (moved, roads, shown) != (True, [FULL, SHORT], True):
            wrong[name] = (moved, roads, shown)

    assert wrong == {}


def test_what_decides_nothing_leaves_what_is_remembered(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)

    Agent.objects.update(name="Somebody else")
    Team.objects.update(name="Another name")
    make_key(project)
    keys.note_use(ApiKey.objects.get(pk=run.caller.key_id))

    assert take(run.ask)[0] == SHORT


def test_a_renamed_workflow_keeps_its_name_in_the_executions_it_had(project: Project) -> None:
    make_tool(project, "search")
    make_workflow(project, "errand")
    old = start(project, workflow="errand")
    Workflow.objects.filter(slug="errand").update(slug="chore")
    new = start(project, caller=old.caller, workflow="chore")
    warm(old)

    assert take(new.ask)[0] == SHORT
    assert [run.entries[-1]["facts"]["execution"]["workflow"] for run in (old, new)] == ["errand", "chore"]


def test_what_an_operator_deletes_is_unknown_to_the_next_action(
    project: Project, owner: psycopg.Connection[Any]
) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run, estimate=Estimate(tokens=1))

    owner.execute("DELETE FROM governance_tool WHERE slug = 'search'")

    assert take(run.ask)[0] == FULL
    assert run.entries[-1]["facts"]["resource"]["discovered"] is True


def _with[T](row: T, **values: object) -> T:
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _epoch(project: Project) -> int:
    return ProjectHead.objects.get(project=project).epoch
