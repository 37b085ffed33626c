"""Rules and facts by the million, the same ones for the same seed."""

from random import Random
from typing import Any

from governance.domain.baselines import BASELINES
from governance.domain.facts import (
    BudgetSeen,
    Definition,
    Estimate,
    ExecutionSeen,
    Facts,
    Lifecycle,
    Moment,
    Principal,
    Resource,
)
from governance.domain.kinds import RESOURCE_TYPES, Kind
from governance.domain.manifest import GovernanceState, KillOrderInForce, PolicyInForce, policy_digest
from governance.domain.verdicts import Effect, Grant

AGENTS, TEAMS, WORKFLOWS = ("bob", "eve", "zoë"), ("ops", "dev"), ("audit", "errand")
NAMES, GROUPS = ("shell", "mail", "gpt-4o", "gpt-4o-mini", "ß→b"), ("dangerous", "openai")
NUMBERS = (0, 1, 2, 5, 9, 17, 23, 2**53 - 1)
LONGS = (
    "context.hour", "context.minute", "context.weekday", "context.now_ms", "context.repeats",
    "context.execution.actions", "context.execution.depth",
    "context.execution.spent_usd_micros", "context.estimate.tokens", "context.args.count",
)  # fmt: skip
TEXTS = (
    "context.day", "context.execution.workflow", "context.execution.environment", "context.execution.end_user",
    "context.definition.state", "context.args.to",
)  # fmt: skip
WORDS = ("audit", "production", "u1", "changed", "a@example.org", "2026-03-03")
PATTERNS = ("*", "a*", "*@example.org", "pro*on", "2026-*-03")
TRUTHS = (
    "true", "false", "context.discovered", "context has estimate", "context has args", "context has definition",
    "context.execution has end_user", 'principal in Team::"ops"', 'principal == Agent::"bob"', "resource is Tool",
    'resource in ToolGroup::"dangerous"', 'resource in [ToolGroup::"x", Provider::"openai"]',
    'context.execution.labels.contains("team=red")', 'context.execution.labels.containsAny(["a=b", "team=red"])',
    'context.execution.labels.containsAll(["team=red", "a=b"])', "context.execution.labels.isEmpty()",
    'context.args.amount.greaterThan(decimal("5.0"))', 'context.args.amount.lessThanOrEqual(decimal("0.0001"))',
    'action == Action::"tool.call/shell"', 'action in Action::"tool.call"',
)  # fmt: skip
HEADS = (
    ("principal", 'principal == Agent::"bob"', 'principal in Team::"ops"', "principal is Agent"),
    ("action", 'action in Action::"tool.call"', 'action in [Action::"model.call", Action::"execution.start"]'),
    ("resource", 'resource == Tool::"shell"', 'resource in ToolGroup::"dangerous"', "resource is Model"),
)


def make_state(random: Random) -> GovernanceState:
    """Up to four policies of up to four rules, on trial or not, and now and then a kill order."""
    policies = tuple(_policy(random, number) for number in range(random.randint(1, 4)))
    if random.random() < 0.7:
        # Without this nearly everything is refused, since nothing permits it.
        text = BASELINES["watch"]
        watch = PolicyInForce(slug="baseline", version=1, digest=policy_digest(text), mode="enforced", text=text)
        policies = (*policies, watch)
    orders = tuple(
        KillOrderInForce(id=f"k{number}", scope=scope, value=random.choice(values))
        for number, (scope, values) in enumerate((("agent", AGENTS), ("tool", NAMES), ("team", TEAMS)))
        if random.random() < 0.1
    )
    return GovernanceState(project="p", number=1, policies=policies, kill_orders=orders)


def _policy(random: Random, number: int) -> PolicyInForce:
    text = "\n".join(_rule(random, place) for place in range(random.randint(1, 4)))
    mode = random.choice(("enforced", "enforced", "shadow"))
    return PolicyInForce(slug=f"p{number}", version=number, digest=policy_digest(text), mode=mode, text=text)


def _rule(random: Random, place: int) -> str:
    # A scope that is open half the time: else hardly anything would fire.
    head = ", ".join(part[0] if random.random() < 0.5 else random.choice(part) for part in HEADS)
    conditions = "".join(
        f" {random.choice(('when', 'when', 'unless'))} {{ {truth(random, 3)} }}"
        for _ in range(random.choice((0, 1, 1, 2)))
    )
    effect = random.choice((None, None, *Effect))
    if effect is None:
        return f'@id("r{place}") permit ({head}){conditions};'
    return f'@id("r{place}") @message("m{place}") @effect("{effect}") forbid ({head}){conditions};'


def truth(random: Random, depth: int) -> str:
    """An expression whose value is true or false, or which cannot be evaluated on some facts."""
    if depth and random.random() < 0.4:
        left, right = truth(random, depth - 1), truth(random, depth - 1)
        return random.choice(
            (f"({left} && {right})", f"({left} || {right})", f"!({left})", f"(if {left} then {right} else {left})")
        )
    return random.choice((_compared, _compared, _written, _plain))(random)


def _compared(random: Random) -> str:
    left, right = random.choice(LONGS), f"{random.choice(NUMBERS)}"
    test = f"{left} {random.choice(('<', '<=', '>', '>=', '==', '!='))} {right}"
    if random.random() < 0.8:
        return _guarded(left, test)
    if random.random() < 0.5:
        left = f"{left} {random.choice('+-*')} {random.choice((1, 3, 2**62))}"
    return f"{left} {random.choice(('<', '<=', '>', '>=', '==', '!='))} {right}"


def _written(random: Random) -> str:
    left = random.choice(TEXTS)
    like = f'{left} like "{random.choice(PATTERNS)}"'
    test = random.choice((like, f'{left} {random.choice(("==", "!="))} "{random.choice(WORDS)}"'))
    return _guarded(left, test) if random.random() < 0.8 else test


def _guarded(path: str, test: str) -> str:
    """Ask first whether a member is there, as good rules do."""
    parts = path.split(".")
    asked = [f"{'.'.join(parts[:place])} has {parts[place]}" for place in range(1, len(parts))]
    return f"({' && '.join([*asked, test])})"


def _plain(random: Random) -> str:
    return random.choice(TRUTHS)


def make_facts(random: Random) -> Facts:
    """Facts that touch what the rules look at."""
    kind = random.choice((Kind.TOOL_CALL, Kind.TOOL_CALL, *Kind))
    typed = _args(random) if kind is Kind.TOOL_CALL and random.random() < 0.5 else None
    day = f"2026-03-0{random.randint(1, 5)}"
    return Facts(
        principal=Principal(slug=random.choice(AGENTS), teams=_some(random, TEAMS)),
        kind=kind,
        resource=Resource(
            type=RESOURCE_TYPES[kind],
            id=random.choice(NAMES),
            groups=_some(random, GROUPS),
            discovered=random.random() < 0.3,
        ),
        moment=Moment(
            now_ms=random.randint(1_700_000_000_000, 1_900_000_000_000),
            hour=random.randint(0, 23),
            minute=random.randint(0, 59),
            weekday=random.randint(1, 7),
            day=day,
        ),
        execution=ExecutionSeen(
            id="x1",
            workflow=random.choice(WORKFLOWS),
            environment=random.choice(("", "production")),
            labels=dict(random.sample([("team", "red"), ("a", "b"), ("zone", "eu")], random.randint(0, 3))),
            end_user=random.choice((None, "u1")),
            depth=random.randint(0, 3),
            actions=random.choice(NUMBERS),
            spent_usd_micros=random.choice(NUMBERS),
        ),
        estimate=random.choice((None, Estimate(), Estimate(usd_micros=7, tokens=random.choice(NUMBERS)))),
        typed_args=typed,
        args_problem="`to` is required." if random.random() < 0.05 else None,
        repeats=random.choice(NUMBERS),
        budgets=_budgets(random),
        lifecycle=_lifecycle(random),
        grants=_grants(random),
        definition=random.choice((None, None, Definition(state="changed", fingerprint="sha256:00"))),
    )


def _args(random: Random) -> dict[str, Any]:
    known = {
        "count": random.choice(NUMBERS),
        "to": random.choice(WORDS),
        "amount": {"__extn": {"fn": "decimal", "arg": random.choice(("5.0", "5.0001", "0.0001", "-3.5"))}},
    }
    return {name: value for name, value in known.items() if random.random() < 0.7}


def _budgets(random: Random) -> tuple[BudgetSeen, ...]:
    return tuple(
        BudgetSeen(
            budget=f"b{number}",
            version=1,
            unit="usd",
            member="",
            limit=10,
            asked=random.randint(0, 6),
            reserved=random.randint(0, 3),
            spent=random.randint(0, 4),
            overrun=random.randint(0, 1),
            extra=random.randint(0, 1),
            on_exceed=random.choice((Effect.HALT, Effect.DENY, Effect.HOLD)),
        )
        for number in range(random.randint(0, 2))
    )


def _lifecycle(random: Random) -> Lifecycle:
    if random.random() < 0.9:
        return Lifecycle()
    return Lifecycle(
        cancel_requested=random.random() < 0.5,
        deadline_passed=random.random() < 0.5,
        ancestor_ended=random.random() < 0.5,
        refusals_exhausted=random.random() < 0.5,
        kill_orders=random.choice(((), ("k9",))),
    )


def _grants(random: Random) -> tuple[Grant, ...]:
    return tuple(
        Grant(approval=f"a{number}", version=number, policy=f"p{number}", rule=f"r{random.randint(0, 3)}")
        for number in range(4)
        if random.random() < 0.1
    )


def _some(random: Random, names: tuple[str, ...]) -> tuple[str, ...]:
    # In any order: what is a set must decide as one.
    return tuple(random.sample(names, random.randint(0, len(names))))
