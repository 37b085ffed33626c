import pytest
from django.urls import reverse

from governance.domain.actors import Actor
from governance.models import Budget
from governance.queries import states
from governance.services import budgets
from tests.factories import make_budget

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SPEND = {
    **{"name": "Spend", "slug": "spend", "unit": "usd", "limit": "$1,250.50", "period": "day"},
    **{"scope_type": "project", "default_reservation": "0.05", "on_exceed": "deny", "time_zone": "Europe/Vienna"},
}


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


def test_new_budget_is_in_force_in_micro_dollars(owner, project):
    answer = owner.post(at("budget_new", project), SPEND)

    assert answer["Location"] == at("budget", project, "spend")
    (made,) = states.in_force(project.pk).budgets
    assert (made.limit, made.default_reservation, made.time_zone) == (1_250_500_000, 50_000, "Europe/Vienna")
    assert "$1250.50 a day, for the whole project" in owner.get(answer["Location"]).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"limit": "much"}, "decimal number"),
        ({"limit": "٣"}, "decimal number"),
        ({"unit": "actions", "limit": "1.5"}, "A whole number"),
        ({"default_reservation": ""}, "needs it"),
        ({"scope_type": "execution"}, "do not go together"),
        (
            {
                "unit": "executions",
                "limit": "3",
                "scope_type": "execution",
                "period": "minute",
                "default_reservation": "",
            },
            "within one execution",
        ),
        ({"on_exceed": "hold"}, "Choose the group"),
        ({"slug": "Not A Slug"}, "valid"),
    ],
)
def test_what_does_not_go_is_told_and_nothing_is_made(owner, project, wrong, said):
    answer = owner.post(at("budget_new", project), {**SPEND, **wrong}, headers=HTMX)

    assert answer.status_code == 422
    assert said in answer.text
    assert not Budget.objects.exists()


def test_choosing_a_scope_leaves_only_its_periods(owner, project):
    chosen = {**SPEND, "scope_type": "execution"}

    part = owner.get(at("budget_new", project), chosen, headers=HTMX).text

    assert 'value="per_execution"' in part
    assert 'value="month"' not in part
    # What else was typed is not in the answer, and so is not replaced.
    assert "<form" not in part
    assert 'name="limit"' not in part


def test_limit_is_changed_as_a_version_with_a_note(owner, project):
    budget = make_budget(project, slug="calls", limit=10).budget
    given = {"limit": "4", "on_exceed": "deny", "note": "Quieter.", "expected_version": 1}

    assert owner.post(at("budget_revise", project, "calls"), given).status_code == 303

    (now,) = states.in_force(project.pk).budgets
    assert (now.limit, now.version, now.on_exceed) == (4, 2, "deny")
    page = owner.get(at("budget", project, budget.slug)).text
    assert "Quieter." in page
    assert "Budget calls: 10 tool calls became 4 tool calls a day" in owner.get(at("rules_in_force", project)).text


def test_change_of_a_limit_that_moved_is_refused_with_what_was_typed(owner, project, alice):
    budget = make_budget(project, slug="calls", limit=10).budget
    budgets.revise(budget=budget, actor=Actor(person=alice.pk), limit=7)
    given = {"limit": "4", "on_exceed": "halt", "note": "Quieter.", "expected_version": 1}

    answer = owner.post(at("budget_revise", project, "calls"), given, headers=HTMX)

    assert answer.status_code == 409
    assert "Version 2 is in force, not 1." in answer.text
    assert "Quieter." in answer.text
    assert 'name="expected_version" value="2"' in answer.text


def test_retired_budget_is_out_of_force_and_still_there(owner, project):
    make_budget(project, slug="calls", name="Calls")

    assert owner.post(at("budget_retire", project, "calls"), {"note": "", "expected_version": 1}).status_code == 303

    assert states.in_force(project.pk).budgets == ()
    assert "Out of force" in owner.get(at("budget_list", project)).text
