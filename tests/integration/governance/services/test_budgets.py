import pytest

from governance.domain.actors import Actor
from governance.domain.budgets import BudgetShapeInvalid
from governance.models import Budget, StateBudget
from governance.queries import states
from governance.services import budgets, groups
from governance.services.budgets import ApproversUnknown
from governance.services.names import NameTaken
from governance.services.policies import VersionConflict
from governance.services.projects import TimeZoneUnknown
from tests.factories import make_budget, make_person, make_project

pytestmark = pytest.mark.django_db

SYSTEM = Actor(system="test")


def test_a_new_budget_is_in_force_with_its_limit_for_the_gate() -> None:
    project = make_project()

    made = make_budget(project, unit="usd", limit=1_000_000, default_reservation=5)

    row = StateBudget.objects.get(state__project=project)
    assert (made.version, row.version, row.limit) == (1, 1, 1_000_000)
    (budget,) = states.in_force(project.pk).budgets
    assert (budget.digest, budget.limit) == (made.digest, 1_000_000)


def test_a_revision_keeps_what_it_does_not_name() -> None:
    project = make_project()
    made = make_budget(project, unit="usd", limit=10, default_reservation=5, on_exceed="deny")

    again = budgets.revise(budget=made.budget, actor=SYSTEM, limit=7)

    (budget,) = states.in_force(project.pk).budgets
    assert (again.version, budget.limit, budget.default_reservation, budget.on_exceed) == (2, 7, 5, "deny")


def test_revising_over_a_version_one_did_not_see_is_refused() -> None:
    made = make_budget(make_project())
    budgets.revise(budget=made.budget, actor=SYSTEM, limit=7, expected_version=1)

    with pytest.raises(VersionConflict):
        budgets.revise(budget=made.budget, actor=SYSTEM, limit=8, expected_version=1)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"unit": "usd"}, BudgetShapeInvalid),
        ({"scope_type": "execution", "period": "month"}, BudgetShapeInvalid),
        ({"time_zone": "Mars/Olympus"}, TimeZoneUnknown),
        ({"on_exceed": "hold"}, ApproversUnknown),
        ({"on_exceed": "hold", "approvers": "ghosts"}, ApproversUnknown),
        ({"approvers": "ghosts"}, ApproversUnknown),
    ],
)
def test_a_budget_that_could_not_work_is_refused(wrong: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        make_budget(make_project(), **wrong)

    assert not Budget.objects.exists()


def test_a_budget_may_ask_a_group() -> None:
    project = make_project()
    groups.define(project=project, slug="bosses", name="Bosses", people=[make_person()], actor=SYSTEM)

    make_budget(project, on_exceed="hold", approvers="bosses")

    assert states.in_force(project.pk).budgets[0].approvers == "bosses"


def test_a_slug_belongs_to_one_budget() -> None:
    project = make_project()
    make_budget(project, slug="calls")
    number = states.in_force(project.pk).number

    with pytest.raises(NameTaken):
        make_budget(project, slug="calls")

    assert states.in_force(project.pk).number == number
