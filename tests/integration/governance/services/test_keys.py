from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from governance.domain.actors import Actor
from governance.models import ApiKey, Project, ProjectHead, ThrottledMinute
from governance.queries import keys as queries
from governance.services import keys
from governance.services.keys import KeyNotInForce, ScopesInvalid
from governance.services.rates import Rates, TooManyRequests, keep_refusals
from tests.factories import make_agent, make_key, make_project
from waxell.ledger.models import Entry
from waxell.lib.errors import Unauthenticated

pytestmark = pytest.mark.django_db

SYSTEM = Actor(system="test")


@pytest.fixture
def project() -> Project:
    return make_project()


def test_a_key_is_known_by_its_secret_and_the_secret_is_not_kept(project: Project) -> None:
    issued = make_key(project, make_agent(project))
    _, secret = queries.split(issued.plain) or ("", "")

    assert queries.authenticate(issued.plain) == issued.key
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(k)::text from governance_apikey k where id = %s", [issued.key.pk])
        assert secret not in cursor.fetchone()[0]
    assert secret not in repr(issued)
    assert not any(secret.encode() in bytes(entry.body) for entry in Entry.objects.filter(stream=project.pk))


@pytest.mark.parametrize(
    "spoil", [lambda plain: plain[:-1], lambda plain: plain[:-1] + "!", lambda plain: "wxk_a_" + "b" * 43]
)
def test_a_key_with_another_secret_is_unknown(project: Project, spoil: object) -> None:
    with pytest.raises(Unauthenticated):
        queries.authenticate(spoil(make_key(project).plain))  # type: ignore[operator]


def test_a_revoked_key_is_unknown_and_moves_the_epoch(project: Project) -> None:
    issued = make_key(project)
    epoch = ProjectHead.objects.get(project=project).epoch

    keys.revoke(key=issued.key, actor=SYSTEM)

    assert ProjectHead.objects.get(project=project).epoch > epoch
    assert issued.key.revoked_at is not None
    with pytest.raises(Unauthenticated):
        queries.authenticate(issued.plain)
    with pytest.raises(KeyNotInForce):
        keys.revoke(key=issued.key, actor=SYSTEM)


def test_an_expired_key_is_unknown(project: Project) -> None:
    with pytest.raises(Unauthenticated):
        queries.authenticate(make_key(project, expires_in_days=0).plain)


def test_a_key_expires_after_a_year_unless_told_otherwise(project: Project) -> None:
    key = make_key(project).key

    assert timedelta(days=364) < key.expires_at - key.created_at < timedelta(days=366)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "govern"]])
def test_scopes_that_make_no_agent_key_are_refused(project: Project, scopes: list[str]) -> None:
    with pytest.raises(ScopesInvalid):
        make_key(project, make_agent(project), scopes=scopes)


def test_the_database_keeps_agents_from_governing(project: Project) -> None:
    agent = make_agent(project)
    template = make_key(project, agent).key

    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.create(
            id="x",
            project=project,
            agent=agent,
            accountable=template.accountable,
            scopes=["govern"],
            secret_digest=b"x" * 32,
            expires_at=Now(),
        )


def test_use_is_noted_once_a_minute(project: Project) -> None:
    key = make_key(project).key

    keys.note_use(key)
    key.refresh_from_db()
    first = key.last_used_at
    keys.note_use(key)
    key.refresh_from_db()

    assert first is not None
    assert key.last_used_at == first


def test_a_key_that_asks_too_often_is_told_when_to_come_back() -> None:
    now = [100.0]
    written: list[dict[str, int]] = []
    rates = Rates(clock=lambda: now[0], write=written.append)
    for _ in range(3):
        rates.check("busy", 3)

    now[0] = 130.5
    for _ in range(2):
        with pytest.raises(TooManyRequests) as refused:
            rates.check("busy", 3)
        assert refused.value.retry_after == 30
    rates.check("quiet", 3)
    now[0] = 160.0
    rates.check("busy", 3)

    assert written == [{"busy": 1}, {"busy": 1}]


def test_refusals_of_a_minute_add_up(project: Project) -> None:
    key = make_key(project).key

    keep_refusals({key.pk: 2})
    keep_refusals({key.pk: 3})

    assert sum(ThrottledMinute.objects.filter(key=key).values_list("refused", flat=True)) == 5
