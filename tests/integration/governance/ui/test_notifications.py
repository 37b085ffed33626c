"""The console's page of destinations and of what was sent to them."""

import re

import pytest
from django.urls import reverse

from governance.models import Membership
from waxell.outbox.models import Destination, Message

pytestmark = pytest.mark.django_db
GIVEN = {
    "slug": "pager",
    "kind": "webhook",
    "address": "https://hooks.example.com/x?token=tea",
    "events": "key.created",
}


def at(name, project, *args):
    return reverse(f"governance:{name}", args=[project.slug, *args])


@pytest.fixture
def pager(owner, project):
    owner.post(at("notification_new", project), GIVEN)
    return Destination.objects.get()


def test_a_destination_is_made_and_its_secret_shown_once(owner, project):
    answer = owner.post(at("notification_new", project), GIVEN)

    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    secret = re.search(r"whsec_[\w+/=]+", answer.text)[0]
    page = owner.get(at("notification", project, "pager")).text
    assert secret not in page
    assert "token=tea" not in page
    assert "An API key was issued" in page
    assert "pager" in owner.get(at("notification_list", project)).text


def test_the_form_says_what_is_wrong_with_an_address(owner, project):
    for address in ("https://127.0.0.1/", "nonsense"):
        answer = owner.post(at("notification_new", project), {**GIVEN, "address": address})
        assert answer.status_code == 422
    assert (
        "private or reserved"
        in owner.post(at("notification_new", project), {**GIVEN, "address": "https://[::1]/"}).text
    )
    assert not Destination.objects.exists()


def test_a_name_is_taken_once(owner, project, pager):
    answer = owner.post(at("notification_new", project), GIVEN)
    assert answer.status_code == 409
    assert "pager is taken" in answer.text


def test_a_test_is_sent_and_shown_with_what_became_of_it(owner, project, pager):
    assert owner.post(at("notification_test", project, "pager")).status_code == 303
    assert "A test message from Waxell" in owner.get(at("notification", project, "pager")).text

    Message.objects.update(state="given_up", attempts=9, status=500, problem="Answered 500.")
    page = owner.get(at("notification", project, "pager")).text
    assert "Given up" in page
    assert "Answered 500." in page

    assert owner.post(at("message_again", project, "pager", Message.objects.get().pk)).status_code == 303
    assert Message.objects.get().state == "pending"


def test_what_it_is_told_is_changed_and_the_address_stays(owner, project, pager):
    before = bytes(pager.address)
    answer = owner.post(at("notification", project, "pager"), {"address": "", "events": ["key.revoked"]})
    assert answer.status_code == 303
    pager.refresh_from_db()
    assert (pager.events, pager.enabled, bytes(pager.address)) == (["key.revoked"], False, before)
    assert "switched off" in owner.get(at("notification_list", project)).text


def test_a_new_secret_is_shown_once(owner, project, pager):
    answer = owner.post(at("notification_secret", project, "pager"))
    assert answer.status_code == 201
    assert "whsec_" in answer.text
    assert "The old secret signs beside it until" in answer.text


def test_it_is_removed_after_a_question(owner, project, pager):
    assert "Remove this destination?" in owner.get(at("notification_remove", project, "pager")).text
    assert owner.post(at("notification_remove", project, "pager")).status_code == 303
    assert not Destination.objects.exists()


def test_others_see_that_people_are_told_and_change_nothing(member, project, pager):
    operator = member(Membership.Role.OPERATOR)
    page = operator.get(at("notification", project, "pager"))
    assert page.status_code == 200
    assert "<form" not in page.text.split('id="main"')[1]
    for name in ("notification_test", "notification_secret", "notification_remove", "notification"):
        assert operator.post(at(name, project, "pager"), {"address": ""}).status_code == 403
    assert Destination.objects.get().enabled
    assert not Message.objects.exists()


def test_activity_tells_of_it(owner, project, pager):
    page = owner.get(reverse("executions:activity", args=[project.slug])).text
    assert "Destination made" in page
    assert "pager" in page
