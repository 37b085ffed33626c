"""Policies: drafts that people edit, and putting versions in and out of force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Now

from governance.domain.actors import Actor
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest
from governance.domain.policies import Validation
from governance.models import Policy, PolicyVersion, Project
from governance.queries import policies as queries
from governance.services import cases, names, publications, reviews
from governance.services.publications import Plan, Published
from governance.services.recording import record
from waxell.ledger.domain.entries import name_digest, raw_digest
from waxell.lib.errors import Conflict, Invalid, NotFound


class PolicyInvalid(Invalid):
    """The text cannot be put in force as it stands."""

    code = "policy_invalid"


class DraftConflict(Conflict):
    """Somebody else saved this draft meanwhile."""

    code = "draft_conflict"


class VersionConflict(Conflict):
    """Another version came in force meanwhile."""

    code = "version_conflict"


class PolicyNotInForce(Conflict):
    """No version of this policy is in force."""

    code = "not_in_force"


class NotOnTrial(Conflict):
    """What is in force of this policy is enforced already."""

    code = "not_on_trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedVersion:
    """A version in force; `digest` (`sha256:…`) is that of its text."""

    policy: Policy
    version: int
    digest: str
    published: Published


def create(
    *,
    project: Project,
    actor: Actor,
    slug: str,
    name: str,
    text: str,
    mode: str = Policy.Mode.ENFORCED,
    description: str = "",
) -> Policy:
    """Begin a policy as a draft, which decides nothing yet. Raises NameTaken."""
    with names.unique(slug):
        policy = Policy.objects.create(
            project=project,
            slug=slug,
            name=name,
            draft_text=text,
            mode=mode,
            description=description,
            draft_saved_by_id=actor.person,
        )
        record(project_id=project.pk, actor=actor, type="policy.drafted", members={"policy": slug})
    return policy


def save_draft(
    *,
    policy: Policy,
    actor: Actor,
    text: str | None = None,
    name: str | None = None,
    description: str | None = None,
    mode: str | None = None,
    revision: int | None = None,
) -> Policy:
    """Save what is given of a draft; `revision` is the one that the editor began with.

    Raises DraftConflict where another save came in between.
    """
    given = {"draft_text": text, "name": name, "description": description, "mode": mode}
    changes = {field: value for field, value in given.items() if value is not None}
    wanted = Policy.objects.filter(pk=policy.pk)
    if revision is not None:
        wanted = wanted.filter(draft_revision=revision)
    with transaction.atomic():
        saved = wanted.update(
            **changes, draft_revision=F("draft_revision") + 1, draft_saved_at=Now(), draft_saved_by=actor.person
        )
        policy.refresh_from_db()
        if not saved:
            raise DraftConflict(revision=policy.draft_revision)
        members = {"policy": policy.slug, "draft": policy_digest(policy.draft_text), "mode": policy.mode}
        record(project_id=policy.project_id, actor=actor, type="policy.draft_saved", members=members)
    return policy


def validate(*, project_id: UUID, text: str) -> Validation:
    """Say everything that stands against publishing `text`."""
    return queries.validate(project_id, text)


def publish(
    *, policy: Policy, actor: Actor, note: str = "", expected_version: int | None = None, override: str = ""
) -> PublishedVersion:
    """Make the draft, as `policy` holds it, the next version and put it in force.

    `expected_version` is the version in force that the caller saw, 0 for none; `override` is why it
    may be published although test cases fail, which stands in the publication's entry.
    Raises PolicyInvalid (with `errors`), CasesFail (with `cases`), VersionConflict, SecondPersonMissing.
    """
    text, mode, digest = policy.draft_text, policy.mode, policy_digest(policy.draft_text)
    made: list[PolicyInForce] = []

    def plan(current: GovernanceState) -> Plan:
        _check_expected(current, policy, expected_version)
        _check_valid(policy, text)
        reviews.check_draft(policy=policy, text=text, mode=mode, actor=actor)
        failing = cases.check(policy=policy, text=text, actor=actor, override=override)
        latest = policy.versions.aggregate(latest=Max("number"))["latest"] or 0
        chosen = PolicyInForce(slug=policy.slug, version=latest + 1, digest=digest, mode=mode, text=text)
        made[:] = [chosen]

        def write() -> None:
            _write_version(policy, chosen, note=note, actor=actor)

        return _plan(current, policy, chosen, failing, note=note, override=override, write=write)

    published = publications.publish(project_id=policy.project_id, actor=actor, plan=plan)
    return PublishedVersion(policy=policy, version=made[0].version, digest=digest, published=published)


def publish_version(
    *,
    policy: Policy,
    number: int,
    actor: Actor,
    note: str = "",
    expected_version: int | None = None,
    override: str = "",
) -> PublishedVersion:
    """Put an earlier version in force again, in the mode it had; `override` as in `publish`.

    Raises NotFound, PolicyInvalid where it no longer fits tools and names, CasesFail, VersionConflict,
    SecondPersonMissing.
    """
    version = policy.versions.filter(number=number).first()
    if version is None:
        raise NotFound()
    digest = name_digest(version.digest) or ""
    chosen = PolicyInForce(slug=policy.slug, version=number, digest=digest, mode=version.mode, text=version.text)

    def plan(current: GovernanceState) -> Plan:
        _check_expected(current, policy, expected_version)
        _check_valid(policy, version.text)
        reviews.check_version(policy=policy, version=version, actor=actor)
        failing = cases.check(policy=policy, text=version.text, actor=actor, override=override)
        return _plan(current, policy, chosen, failing, note=note, override=override)

    published = publications.publish(project_id=policy.project_id, actor=actor, plan=plan)
    return PublishedVersion(policy=policy, version=number, digest=digest, published=published)


def promote(
    *, policy: Policy, actor: Actor, note: str = "", expected_version: int | None = None, override: str = ""
) -> PublishedVersion:
    """Enforce what is in force on trial: the same text becomes the next version. The draft's text stays as it is.

    Raises PolicyNotInForce, NotOnTrial, PolicyInvalid, CasesFail, VersionConflict, SecondPersonMissing.
    """
    made: list[PolicyInForce] = []

    def plan(current: GovernanceState) -> Plan:
        _check_expected(current, policy, expected_version)
        on_trial = queries.in_force_versions(current).get(policy.slug)
        if on_trial is None:
            raise PolicyNotInForce()
        if on_trial.mode != Policy.Mode.SHADOW:
            raise NotOnTrial()
        _check_valid(policy, on_trial.text)
        reviews.check_draft(policy=policy, text=on_trial.text, mode=Policy.Mode.ENFORCED, actor=actor)
        failing = cases.check(policy=policy, text=on_trial.text, actor=actor, override=override)
        latest = policy.versions.aggregate(latest=Max("number"))["latest"] or 0
        chosen = replace(on_trial, version=latest + 1, mode=str(Policy.Mode.ENFORCED))
        made[:] = [chosen]

        def write() -> None:
            # The next publication of the draft shall not put it on trial again.
            Policy.objects.filter(pk=policy.pk, mode=Policy.Mode.SHADOW).update(
                mode=Policy.Mode.ENFORCED,
                draft_revision=F("draft_revision") + 1,
                draft_saved_at=Now(),
                draft_saved_by=actor.person,
            )
            _write_version(policy, chosen, note=note, actor=actor)

        return _plan(current, policy, chosen, failing, note=note, override=override, write=write)

    published = publications.publish(project_id=policy.project_id, actor=actor, plan=plan)
    policy.refresh_from_db()
    return PublishedVersion(policy=policy, version=made[0].version, digest=made[0].digest, published=published)


def retire(*, policy: Policy, actor: Actor, note: str = "", expected_version: int | None = None) -> Published:
    """Take a policy out of force; its versions stay. Raises PolicyNotInForce, VersionConflict."""

    def plan(current: GovernanceState) -> Plan:
        retired = queries.in_force_versions(current).get(policy.slug)
        if retired is None:
            raise PolicyNotInForce()
        _check_expected(current, policy, expected_version)
        reviews.check_retirement(policy=policy, digest=retired.digest, actor=actor)
        return Plan(
            state=replace(current, policies=_others(current, policy)),
            type="policy.retired",
            members={"policy": policy.slug, "version": retired.version},
            payloads=_note(note),
        )

    return publications.publish(project_id=policy.project_id, actor=actor, plan=plan)


def _plan(
    current: GovernanceState,
    policy: Policy,
    chosen: PolicyInForce,
    failing: tuple[str, ...],
    *,
    note: str,
    override: str,
    write: Callable[[], object] | None = None,
) -> Plan:
    members = {"policy": chosen.slug, "version": chosen.version, "text": chosen.digest, "mode": chosen.mode}
    planned = Plan(
        state=replace(current, policies=(*_others(current, policy), chosen)),
        type="policy.published",
        members={**members, "cases_overridden": list(failing)} if failing else members,
        payloads={**_note(note), **({"override": override.encode()} if failing else {})},
    )
    return planned if write is None else replace(planned, write=write)


def _write_version(policy: Policy, chosen: PolicyInForce, *, note: str, actor: Actor) -> None:
    PolicyVersion.objects.create(
        policy=policy,
        number=chosen.version,
        text=chosen.text,
        mode=chosen.mode,
        digest=raw_digest(chosen.digest),
        note=note,
        author_id=actor.person,
    )


def _others(current: GovernanceState, policy: Policy) -> tuple[PolicyInForce, ...]:
    return tuple(other for other in current.policies if other.slug != policy.slug)


def _check_expected(current: GovernanceState, policy: Policy, expected: int | None) -> None:
    in_force = queries.in_force_versions(current).get(policy.slug)
    version = in_force.version if in_force else 0
    if expected is not None and expected != version:
        raise VersionConflict(f"Version {version} is in force, not {expected}.", version=version)


def _check_valid(policy: Policy, text: str) -> None:
    found = queries.validate(policy.project_id, text)
    if not found.valid:
        raise PolicyInvalid(errors=[error.document() for error in found.errors])


def _note(note: str) -> Mapping[str, bytes]:
    return {"note": note.encode()} if note else {}
