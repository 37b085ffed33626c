import pytest

from governance.domain.actors import Actor
from governance.models import ApproverGroup, PolicyVersion, Project
from governance.queries import states
from governance.services import catalogue, groups, policies
from governance.services.catalogue import SchemaBreaksPolicies
from governance.services.names import NameTaken
from governance.services.policies import DraftConflict, PolicyInvalid, PolicyNotInForce, VersionConflict
from tests.factories import make_agent, make_person, make_policy, make_project, make_tool
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db

SYSTEM = Actor(system="test")
FLAG_MAIL = """
@id("note-mail") @message("Mail is noted.") @effect("flag")
forbid (principal, action in Action::"tool.call", resource == Tool::"mail");
"""
TO_SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
NEEDS_TO = """
@id("no-boss") @message("Not to the boss.") @effect("deny")
forbid (principal, action == Action::"tool.call/mail", resource) when { context.args.to == "boss" };
"""


@pytest.fixture
def project() -> Project:
    project = make_project()
    make_tool(project)
    return project


def in_force(project: Project) -> dict[str, int]:
    return {policy.slug: policy.version for policy in states.in_force(project.pk).policies}


def test_a_new_project_has_its_baseline_in_force() -> None:
    assert in_force(make_project()) == {"baseline": 1}


@pytest.mark.parametrize("baseline", Project.Baseline.values)
def test_every_baseline_can_be_published(baseline: str) -> None:
    assert in_force(make_project(baseline=baseline)) == {"baseline": 1}


def test_a_draft_decides_nothing(project: Project) -> None:
    make_policy(project, slug="mail", publish=False)

    assert "mail" not in in_force(project)


def test_publishing_makes_the_next_version_and_a_new_state(project: Project) -> None:
    policy = make_policy(project, slug="mail")
    before = states.in_force(project.pk)
    policy = policies.save_draft(policy=policy, actor=SYSTEM, text=FLAG_MAIL)

    made = policies.publish(policy=policy, actor=SYSTEM, note="less strict")

    after = states.in_force(project.pk)
    assert (made.version, made.published.number, made.published.digest) == (2, before.number + 1, after.digest)
    assert {policy.text for policy in after.policies} >= {FLAG_MAIL}
    assert states.by_digest(project.pk, before.digest) == before


def test_publishing_writes_an_entry_that_names_version_and_state(project: Project) -> None:
    made = policies.publish(
        policy=make_policy(project, slug="mail", publish=False), actor=SYSTEM, note="a secret reason"
    )

    receipt = made.published.receipt
    entry = Entry.objects.get(stream=project.pk, seq=receipt.seq)
    body = bytes(entry.body).decode()
    assert entry.type == "policy.published"
    assert made.digest in body
    assert made.published.digest in body
    assert "a secret reason" not in body


def test_an_earlier_version_comes_back_under_the_same_digest(project: Project) -> None:
    policy = make_policy(project, slug="mail")
    first = states.in_force(project.pk)
    policies.publish(policy=policies.save_draft(policy=policy, actor=SYSTEM, text=FLAG_MAIL), actor=SYSTEM)

    made = policies.publish_version(policy=policy, number=1, actor=SYSTEM, expected_version=2)

    again = states.in_force(project.pk)
    assert made.version == 1
    assert again.digest == first.digest
    assert again.number == first.number + 2
    assert PolicyVersion.objects.filter(policy=policy).count() == 2


def test_a_retired_policy_is_not_in_force_and_cannot_retire_again(project: Project) -> None:
    policy = make_policy(project, slug="mail")

    policies.retire(policy=policy, actor=SYSTEM)

    assert "mail" not in in_force(project)
    with pytest.raises(PolicyNotInForce):
        policies.retire(policy=policy, actor=SYSTEM)


def test_publishing_over_a_version_one_did_not_see_is_refused(project: Project) -> None:
    policy = make_policy(project, slug="mail")
    number = states.in_force(project.pk).number

    with pytest.raises(VersionConflict):
        policies.publish(policy=policy, actor=SYSTEM, expected_version=0)

    assert states.in_force(project.pk).number == number


def test_two_editors_notice_each_other(project: Project) -> None:
    policy = make_policy(project, publish=False)
    seen = policy.draft_revision
    policies.save_draft(policy=policy, actor=SYSTEM, text="bob", revision=seen)

    with pytest.raises(DraftConflict):
        policies.save_draft(policy=policy, actor=SYSTEM, text="alice", revision=seen)

    policy.refresh_from_db()
    assert policy.draft_text == "bob"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not cedar", "Cedar"),
        (FLAG_MAIL.replace('Tool::"mail"', 'Tool::"ghost"'), 'There is no Tool "ghost"'),
        (FLAG_MAIL.replace("(principal,", '(principal in Team::"ghosts",'), 'There is no Team "ghosts"'),
        (FLAG_MAIL.replace('"flag")', '"hold") @approvers("nobody")'), 'no approver group "nobody"'),
    ],
)
def test_what_does_not_fit_the_registry_is_not_published(project: Project, text: str, said: str) -> None:
    policy = make_policy(project, text, publish=False)

    with pytest.raises(PolicyInvalid) as refused:
        policies.publish(policy=policy, actor=SYSTEM)

    assert said in str(refused.value.members["errors"])
    assert not policies.validate(project_id=project.pk, text=text).valid


def test_names_that_exist_are_resolved(project: Project) -> None:
    make_agent(project, teams=["reds"])
    groups.define(project=project, slug="bosses", name="Bosses", people=[make_person("Bob")], actor=SYSTEM)
    text = FLAG_MAIL.replace("(principal,", '(principal in Team::"reds",').replace(
        '"flag")', '"hold") @approvers("bosses")'
    )

    assert policies.validate(project_id=project.pk, text=text).errors == ()


def test_who_is_in_a_group_is_part_of_the_state(project: Project) -> None:
    bob = make_person("Bob")
    groups.define(project=project, slug="bosses", name="Bosses", people=[bob], actor=SYSTEM)

    (group,) = states.in_force(project.pk).approver_groups

    assert group.members == (str(bob.pk),)
    assert list(ApproverGroup.objects.get(project=project).people.all()) == [bob]


def test_a_slug_belongs_to_one_policy(project: Project) -> None:
    make_policy(project, slug="mail")

    with pytest.raises(NameTaken):
        make_policy(project, slug="mail")


def test_a_tool_schema_types_the_arguments_of_rules() -> None:
    project = make_project()
    tool = make_tool(project, schema=TO_SCHEMA)
    make_policy(project, NEEDS_TO)
    before = states.in_force(project.pk)
    other = {"type": "object", "properties": {"to": {"type": "integer"}}, "required": ["to"]}

    with pytest.raises(SchemaBreaksPolicies):
        catalogue.change_tool(tool=tool, actor=SYSTEM, schema=other, groups=(), description="", cost_micros=None)

    tool.refresh_from_db()
    assert tool.schema == TO_SCHEMA
    assert states.in_force(project.pk) == before
    assert set(before.tool_schemas) == {"mail"}
