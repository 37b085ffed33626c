"""What is governed during a run: a project with rules and budgets in force, agents, running executions."""

from bench.running import Running
from executions.domain.wanted import StartWanted
from executions.services import admission
from executions.services.callers import Caller
from governance.domain.actors import Actor
from governance.models import Person, Project
from governance.queries import keys as key_texts
from governance.services import agents, budgets, catalogue, keys, people, policies, projects

AGENTS = 10
TEAMS = 4
WORKFLOWS = 4
RULES = 20
PLENTY = 10**12
# Unit, scope, period, default reservation: the first five are the benchmark, the rest for --budgets 12.
SHAPES = (
    ("usd", "project", "month", 1_000),
    ("tokens", "agent", "day", 100),
    ("tool_calls", "workflow", "day", None),
    ("actions", "execution", "per_execution", None),
    ("usd", "agent", "once", 1_000),
    ("tool_calls", "project", "minute", None),
    ("actions", "workflow", "month", None),
    ("tokens", "execution", "per_execution", 100),
    ("actions", "agent", "minute", None),
    ("usd", "workflow", "day", 1_000),
    ("tool_calls", "agent", "once", None),
    ("tokens", "project", "once", 100),
)


def prepare(*, budget_count: int, execution_count: int) -> list[Running]:
    """Make everything through the product's own services. Django must be set up."""
    owner = people.create(email="bench@example.org", name="Bench", password=None)
    project = projects.create(owner=owner, name="Bench", slug="bench")
    actor = Actor(person=owner.pk)
    for number in range(WORKFLOWS):
        catalogue.register_workflow(project=project, actor=actor, slug=f"work-{number}")
    catalogue.register_tool(project=project, actor=actor, slug="search")
    catalogue.register_tool(project=project, actor=actor, slug="mail")
    issued = _agent_keys(project, owner, actor)
    _publish_rules(project, actor)
    for number, (unit, scope, period, default) in enumerate(SHAPES[:budget_count]):
        budgets.create(
            project=project,
            actor=actor,
            slug=f"budget-{number}",
            name=f"{unit} of each {scope}",
            unit=unit,
            limit=PLENTY,
            scope_type=scope,
            period=period,
            default_reservation=default,
        )
    return [_start(issued[number % AGENTS], number) for number in range(execution_count)]


def _publish_rules(project: Project, actor: Actor) -> None:
    """Twenty rules that look at different facts; none of them stops what the benchmark does."""
    conditions = (
        "context.execution.actions > 10000000{n}",
        "context.repeats > 10000000{n}",
        'resource == Tool::"mail" && context.hour == 2{n}',
        'principal in Team::"team-{n}" && context.execution.depth > 3',
        "context has estimate && context.estimate has usd_micros && context.estimate.usd_micros > 90000000{n}",
    )
    for start in range(0, RULES, len(conditions)):
        text = "\n".join(
            f'@id("rule-{start + place}") @message("Rule {start + place} was met.") @effect("deny")\n'
            f'forbid (principal, action in Action::"tool.call", resource)\n'
            f"when {{ {condition.format(n=start // len(conditions))} }};"
            for place, condition in enumerate(conditions)
        )
        slug = f"rules-{start}"
        policy = policies.create(project=project, actor=actor, slug=slug, name=slug, text=text)
        policies.publish(policy=policy, actor=actor)


def _agent_keys(project: Project, owner: Person, actor: Actor) -> list[str]:
    made = []
    for number in range(AGENTS):
        agent = agents.register(project=project, actor=actor, slug=f"agent-{number}", teams=(f"team-{number % TEAMS}",))
        issued = keys.issue(
            project=project,
            actor=actor,
            scopes=("execute", "read"),
            accountable=owner,
            agent=agent,
            requests_per_minute=2_000_000_000,
        )
        made.append(issued.plain)
    return made


def _start(key: str, number: int) -> Running:
    parts = key_texts.split(key)
    assert parts is not None
    answer = admission.start_execution(
        caller=Caller(key_id=parts[0], secret=parts[1]),
        wanted=StartWanted(workflow=f"work-{number % WORKFLOWS}", labels={"bench": str(number)}),
    )
    assert answer.body["state"] == "running", answer.body
    return Running(execution=answer.body["id"], key=key, fence=answer.body["lease"]["fence"])
