"""Budgets over REST: amounts are decimal dollars for `usd`, integers for every other unit."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.access import Permission
from governance.api import outputs
from governance.api.described import changing, listing, reading
from governance.api.inputs import NAME, SLUG, Amount, Choice, Input, Integer, Text, read, read_amount
from governance.api.outputs import Moment
from governance.api.views import GovernedView
from governance.domain.budgets import Period, Scope, Unit
from governance.models import Budget, BudgetVersion, Window
from governance.queries import budgets as queries
from governance.queries import states
from governance.services import budgets
from governance.services.requests import Outcome
from waxell.ledger.domain.entries import name_digest
from waxell.lib.errors import Invalid, NotFound
from waxell.lib.money import format_usd

TAG = "Budgets"
SHOWN_WINDOWS = 200
AMOUNT = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
SHAPE = ("unit", "scope", "period", "time_zone")


class BudgetShapeFixed(Invalid):
    """Unit, scope, period and time zone of a budget never change; make another budget."""

    code = "budget_shape_fixed"


class ScopeInput(Input):
    type = Choice(choices=list(Scope))
    value = Text(validators=[NAME], max_length=200, required=False)


class TermsInput(Input):
    limit = Amount()
    on_exceed = Choice(choices=BudgetVersion.OnExceed.values, required=False)
    default_reservation = Amount(required=False)
    approvers = Text(validators=[SLUG], max_length=63, required=False)
    note = Text(max_length=2000, allow_blank=True, default="")


class BudgetInput(TermsInput):
    slug = Text(validators=[SLUG], max_length=63)
    name = Text(min_length=1, max_length=120)
    unit = Choice(choices=list(Unit))
    scope = ScopeInput()
    period = Choice(choices=list(Period))
    time_zone = Text(max_length=64, default="UTC")


class BudgetVersionInput(TermsInput):
    expected_version = Integer(required=False, help_text="The version in force that you saw, 0 for none.")
    # A shape may be repeated for the reader's sake; a different one is refused by name.
    unit = Choice(choices=list(Unit), required=False)
    scope = ScopeInput(required=False)
    period = Choice(choices=list(Period), required=False)
    time_zone = Text(max_length=64, required=False)


class ScopeOutput(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=list(Scope))
    value = serializers.CharField(required=False)


class BudgetVersionOutput(serializers.Serializer[BudgetVersion]):
    version = serializers.IntegerField(source="number")
    digest = serializers.SerializerMethodField()
    limit = serializers.SerializerMethodField()
    on_exceed = serializers.ChoiceField(choices=BudgetVersion.OnExceed.values)
    default_reservation = serializers.SerializerMethodField()
    approvers = serializers.CharField(allow_blank=True)
    note = serializers.CharField()
    created_at = Moment()

    def get_digest(self, version: BudgetVersion) -> str:
        return name_digest(version.digest) or ""

    @extend_schema_field(AMOUNT)
    def get_limit(self, version: BudgetVersion) -> Any:
        return amount(version.limit, self.context["unit"])

    @extend_schema_field({"oneOf": [*AMOUNT["oneOf"], {"type": "null"}]})
    def get_default_reservation(self, version: BudgetVersion) -> Any:
        default = version.default_reservation
        return None if default is None else amount(default, self.context["unit"])


class WindowOutput(serializers.Serializer[Window]):
    member = serializers.CharField(required=False)
    start = serializers.CharField()
    end = serializers.CharField(allow_null=True)
    limit = Amount()
    reserved = Amount()
    spent = Amount()
    overrun = Amount()
    presumed = Amount()

    def to_representation(self, window: Window) -> dict[str, Any]:
        unit: str = self.context["unit"]
        counts = {
            "limit": window.limit_now + window.extra,
            "reserved": window.reserved,
            "spent": window.spent,
            "overrun": window.overrun,
            "presumed": window.presumed,
        }
        return {
            **({"member": window.member} if window.member else {}),
            "start": Moment().to_representation(window.start_at),
            "end": window.end_at and Moment().to_representation(window.end_at),
            **{name: amount(count, unit) for name, count in counts.items()},
        }


class BudgetOutput(serializers.Serializer[Budget]):
    slug = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.ChoiceField(choices=list(Unit))
    scope = serializers.SerializerMethodField()
    period = serializers.ChoiceField(choices=list(Period))
    time_zone = serializers.CharField()
    version = serializers.SerializerMethodField(help_text="The version in force, null for none.")
    limit = serializers.SerializerMethodField(help_text="Of the version in force, null for none.")
    created_at = Moment()

    @extend_schema_field(ScopeOutput)
    def get_scope(self, budget: Budget) -> dict[str, str]:
        return _scope(budget)

    def get_version(self, budget: Budget) -> int | None:
        in_force = queries.in_force_versions(self.context["state"]).get(budget.slug)
        return in_force.version if in_force else None

    @extend_schema_field({"oneOf": [*AMOUNT["oneOf"], {"type": "null"}]})
    def get_limit(self, budget: Budget) -> Any:
        in_force = queries.in_force_versions(self.context["state"]).get(budget.slug)
        return amount(in_force.limit, budget.unit) if in_force else None


class BudgetDetailOutput(BudgetOutput):
    versions = serializers.SerializerMethodField()
    windows = serializers.SerializerMethodField(help_text="The 200 newest.")

    @extend_schema_field(BudgetVersionOutput(many=True))
    def get_versions(self, budget: Budget) -> Any:
        versions: Any = budget.versions.order_by("-number")[:SHOWN_WINDOWS]
        return BudgetVersionOutput(versions, many=True, context={"unit": budget.unit}).data

    @extend_schema_field(WindowOutput(many=True))
    def get_windows(self, budget: Budget) -> Any:
        windows: Any = queries.windows(budget)[:SHOWN_WINDOWS]
        return WindowOutput(windows, many=True, context={"unit": budget.unit}).data


class BudgetView(GovernedView):
    """What the views of one budget share."""

    def find(self, slug: str, permission: Permission) -> Budget:
        budget = queries.listed(self.project.pk).filter(slug=slug).first()
        if budget is None:
            raise NotFound()
        self.require(permission, budget)
        return budget

    def state(self) -> dict[str, Any]:
        return {"state": states.in_force(self.project.pk)}


class BudgetCollection(BudgetView):
    @listing(BudgetOutput, TAG)
    def get(self, request: Request) -> Response:
        self.require(Permission.VIEW)
        return self.page(request, queries.listed(self.project.pk), BudgetOutput, context=self.state())

    @changing(BudgetInput, outputs.InForce, TAG, status=201)
    def post(self, request: Request) -> Response:
        wanted = read(request, BudgetInput)
        scope = wanted.pop("scope")
        _read_amounts(wanted, wanted["unit"])

        def effect() -> Outcome:
            self.require(Permission.MANAGE_BUDGETS)
            made = budgets.create(
                project=self.project,
                actor=self.actor,
                scope_type=scope["type"],
                scope_value=scope.get("value"),
                **wanted,
            )
            return Outcome(status=201, body=outputs.in_force(made.version, made.digest, made.published))

        return self.once(request, effect)


class BudgetItem(BudgetView):
    @reading(BudgetDetailOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        budget = self.find(slug, Permission.VIEW)
        return Response(BudgetDetailOutput(budget, context=self.state()).data)


class BudgetVersionCollection(BudgetView):
    @listing(BudgetVersionOutput, TAG)
    def get(self, request: Request, slug: str) -> Response:
        budget = self.find(slug, Permission.VIEW)
        return self.page(
            request,
            budget.versions.all(),
            BudgetVersionOutput,
            key=("number",),
            descending=True,
            context={"unit": budget.unit},
        )

    @changing(BudgetVersionInput, outputs.InForce, TAG, status=201)
    def post(self, request: Request, slug: str) -> Response:
        given = read(request, BudgetVersionInput)

        def effect() -> Outcome:
            budget = self.find(slug, Permission.MANAGE_BUDGETS)
            wanted = {name: value for name, value in given.items() if name not in SHAPE}
            _check_shape(budget, given)
            _read_amounts(wanted, budget.unit)
            made = budgets.revise(budget=budget, actor=self.actor, **wanted)
            return Outcome(status=201, body=outputs.in_force(made.version, made.digest, made.published))

        return self.once(request, effect)


class BudgetVersionItem(BudgetView):
    @reading(BudgetVersionOutput, TAG)
    def get(self, request: Request, slug: str, number: int) -> Response:
        budget = self.find(slug, Permission.VIEW)
        version = budget.versions.filter(number=number).first()
        if version is None:
            raise NotFound()
        return Response(BudgetVersionOutput(version, context={"unit": budget.unit}).data)


def amount(value: int, unit: str) -> str | int:
    """Return an amount as REST writes it: decimal dollars for `usd`, else an integer."""
    return format_usd(value) if unit == Unit.USD else value


def _read_amounts(wanted: dict[str, Any], unit: str) -> None:
    for name in ("limit", "default_reservation"):
        if name in wanted:
            wanted[name] = read_amount(wanted[name], unit, field=name)


def _check_shape(budget: Budget, given: dict[str, Any]) -> None:
    shape = {
        "unit": budget.unit,
        "scope": _scope(budget),
        "period": budget.period,
        "time_zone": budget.time_zone,
    }
    changed = [name for name in SHAPE if name in given and given[name] != shape[name]]
    if changed:
        raise BudgetShapeFixed(f"Fixed: {', '.join(changed)}.", fields=changed)


def _scope(budget: Budget) -> dict[str, str]:
    return {"type": budget.scope_type} | ({"value": budget.scope_value} if budget.scope_value else {})
