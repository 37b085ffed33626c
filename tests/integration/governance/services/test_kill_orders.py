import pytest

from governance.domain.actors import Actor
from governance.models import EndUser, Membership, ProjectHead
from governance.queries import states
from governance.services import kill_orders, rights
from governance.services.kill_orders import KillOrderNotInForce, ScopeInvalid
from tests.factories import make_person, make_project
from waxell.ledger.models import Entry
from waxell.lib.errors import Forbidden
from waxell.lib.ids import uuid7

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("scope", "value"),
    [("project", None), ("team", "reds"), ("agent", "scout"), ("workflow", "w"), ("tool", "t"), ("model", "m")],
)
def test_an_order_is_in_force_until_it_is_lifted(scope: str, value: str | None) -> None:
    alice = make_person()
    project, actor = make_project(alice), Actor(person=alice.pk)
    before = states.in_force(project.pk)

    (order,) = kill_orders.place(project=project, actor=actor, scope_type=scope, scope_value=value, reason="smoke")

    (placed,) = states.in_force(project.pk).kill_orders
    assert (placed.id, placed.scope, placed.value) == (str(order.pk), scope, value)
    kill_orders.lift(order=order, actor=actor)
    assert order.lifted_at is not None
    assert states.in_force(project.pk).digest == before.digest
    with pytest.raises(KillOrderNotInForce):
        kill_orders.lift(order=order, actor=actor)


def test_an_order_on_one_execution_moves_the_epoch_and_not_the_rules() -> None:
    alice = make_person()
    project, actor = make_project(alice), Actor(person=alice.pk)
    head = ProjectHead.objects.get(project=project)

    (order,) = kill_orders.place(
        project=project, actor=actor, scope_type="execution", scope_value=str(uuid7()), reason="smoke"
    )
    kill_orders.lift(order=order, actor=actor, note="false alarm")

    after = ProjectHead.objects.get(project=project)
    assert (after.number, after.digest) == (head.number, head.digest)
    assert after.epoch == head.epoch + 2
    with pytest.raises(KillOrderNotInForce):
        kill_orders.lift(order=order, actor=actor)


def test_all_means_every_project_that_the_person_owns() -> None:
    alice, bob = make_person("Alice"), make_person("Bob")
    mine, also_mine, his = make_project(alice), make_project(alice), make_project(bob)
    actor = Actor(person=alice.pk)
    rights.grant_role(project=his, person=alice, role=Membership.Role.OPERATOR, actor=Actor(person=bob.pk))

    orders = kill_orders.place(project=mine, actor=actor, scope_type="all", reason="everything")

    assert {order.project_id for order in orders} == {mine.pk, also_mine.pk}
    assert states.in_force(his.pk).kill_orders == ()
    with pytest.raises(Forbidden):
        kill_orders.place(project=his, actor=actor, scope_type="all", reason="everything")


def test_end_users_are_named_by_pseudonym_only() -> None:
    alice = make_person()
    project = make_project(alice)

    (order,) = kill_orders.place(
        project=project, actor=Actor(person=alice.pk), scope_type="end_user", scope_value="Eve", reason="Eve again"
    )

    assert order.scope_value == str(EndUser.objects.get(project=project, name="Eve").pk)
    assert not any(b"Eve" in bytes(entry.body) for entry in Entry.objects.filter(stream=project.pk))


@pytest.mark.parametrize(("scope", "value"), [("agent", None), ("project", "x"), ("planet", "x")])
def test_a_scope_that_says_nothing_is_refused(scope: str, value: str | None) -> None:
    alice = make_person()

    with pytest.raises(ScopeInvalid):
        kill_orders.place(
            project=make_project(alice), actor=Actor(person=alice.pk), scope_type=scope, scope_value=value, reason="x"
        )
