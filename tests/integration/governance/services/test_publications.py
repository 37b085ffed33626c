"""Publications that meet: real connections, real locks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import orjson
import pytest
from django.db import ProgrammingError, connection

from governance.domain.actors import Actor
from governance.domain.manifest import GovernanceState
from governance.domain.prices import PRICE_LIST
from governance.models import GovernanceState as StoredState
from governance.models import PolicyVersion
from governance.queries import states
from governance.services import budgets, policies, publications
from governance.services.publications import Plan
from tests.factories import make_budget, make_policy, make_project, make_tool
from waxell.ledger.models import Entry
from waxell.lib import canonical

SYSTEM = Actor(system="test")


@pytest.mark.django_db(transaction=True)
def test_publications_that_race_all_come_in_force_one_after_the_other() -> None:
    project = make_project()
    make_tool(project)
    made = [make_policy(project, publish=False) for _ in range(4)]
    before = states.in_force(project.pk).number

    def publish(policy: object) -> int:
        try:
            return policies.publish(policy=policy, actor=SYSTEM).published.number  # type: ignore[arg-type]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(publish, made))

    assert sorted(numbers) == list(range(before + 1, before + 5))
    assert {policy.slug for policy in states.in_force(project.pk).policies} >= {policy.slug for policy in made}


@pytest.mark.django_db
def test_a_plan_is_asked_again_when_another_publication_came_first() -> None:
    project = make_project()
    asked: list[int] = []

    def plan(current: GovernanceState) -> Plan:
        asked.append(current.number)
        if len(asked) == 1:
            make_budget(project, slug="first")
        return Plan(
            state=replace(current, settings=replace(current.settings, refusal_limit=7)), type="settings.changed"
        )

    published = publications.publish(project_id=project.pk, actor=SYSTEM, plan=plan)

    state = states.in_force(project.pk)
    assert asked == [published.number - 2, published.number - 1]
    assert [budget.slug for budget in state.budgets] == ["first"]
    assert state.settings.refusal_limit == 7
    assert state.prices == PRICE_LIST


@pytest.mark.django_db
def test_rows_of_a_failed_publication_do_not_stay() -> None:
    project = make_project()
    make_tool(project)
    policy = make_policy(project, publish=False)
    before = StoredState.objects.count(), Entry.objects.count()

    def plan(current: GovernanceState) -> Plan:
        def write() -> None:
            PolicyVersion.objects.create(policy=policy, number=1, text="x", mode="enforced", digest=b"x")
            raise RuntimeError

        return Plan(state=current, type="policy.published", write=write)

    with pytest.raises(RuntimeError):
        publications.publish(project_id=project.pk, actor=SYSTEM, plan=plan)

    assert not policy.versions.exists()
    assert (StoredState.objects.count(), Entry.objects.count()) == before


@pytest.mark.django_db
def test_the_governance_stream_is_a_chain_of_canonical_entries() -> None:
    project = make_project()
    budgets.retire(budget=make_budget(project).budget, actor=SYSTEM)
    before = None

    for seq, entry in enumerate(Entry.objects.filter(stream=project.pk).order_by("seq"), start=1):
        body = bytes(entry.body)
        line = orjson.loads(body)
        assert canonical.encode(line) == body
        assert (line["seq"], line["prev"], line["stream"]) == (seq, before, str(project.pk))
        assert line["actor"]
        before = canonical.digest(body)


@pytest.mark.django_db
def test_the_database_keeps_versions_as_they_are() -> None:
    project = make_project()

    with pytest.raises(ProgrammingError, match="permission denied"):
        PolicyVersion.objects.filter(policy__project=project).update(text="other")
