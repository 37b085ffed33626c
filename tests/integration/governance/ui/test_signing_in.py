from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from governance.models import SignInAttempt
from governance.services import people

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture
def dora(db):
    return people.create(email="dora@example.org", password=PASSWORD, name="Dora")


def sign_in(client, password=PASSWORD, email="Dora@Example.org", **more):
    return client.post(reverse("governance:sign_in"), {"email": email, "password": password}, **more)


def test_right_password_leads_on_and_out_again(client, dora):
    assert sign_in(client)["Location"] == "/"
    assert client.get("/").status_code == 200
    client.post(reverse("governance:sign_out"))
    assert client.get("/").status_code == 302


def test_wrong_password_keeps_the_address_and_says_no_more(client, dora):
    answer = sign_in(client, "wrong")

    assert answer.status_code == 422
    assert "Dora@Example.org" in answer.text
    assert "wrong" not in answer.text


def test_five_failures_make_the_right_password_wait(client, dora):
    for _ in range(5):
        assert sign_in(client, "wrong").status_code == 422

    answer = sign_in(client)

    assert answer.status_code == 429
    assert "Try again in 5 min 0 s" in answer.text or "Try again in 4 min" in answer.text
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9")).status_code == 303


def test_wait_ends_after_five_minutes(client, dora):
    for _ in range(5):
        sign_in(client, "wrong")
    SignInAttempt.objects.update(attempted_at=Now() - timedelta(minutes=5, seconds=1))

    assert sign_in(client).status_code == 303


def test_success_forgets_the_failures(client, dora):
    for _ in range(4):
        sign_in(client, "wrong")
    sign_in(client)

    assert not SignInAttempt.objects.exists()


def test_sign_in_leads_only_to_own_pages(client, dora):
    given = {"email": dora.email, "password": PASSWORD, "next": "https://elsewhere.example/"}

    assert client.post(reverse("governance:sign_in"), given)["Location"] == "/"


def test_password_is_changed_by_its_owner_only(client, dora):
    sign_in(client)
    given = {"old_password": "wrong", "new_password1": "another long secret", "new_password2": "another long secret"}
    assert client.post(reverse("governance:password_change"), given).status_code == 422

    assert client.post(reverse("governance:password_change"), {**given, "old_password": PASSWORD}).status_code == 303

    assert client.get("/").status_code == 200
    assert sign_in(Client(), "another long secret").status_code == 303


def test_stranger_reads_in_words_that_there_is_nothing(client, dora):
    sign_in(client)

    answer = client.get("/p/nowhere/policies/")

    assert answer.status_code == 404
    assert "you may not see it" in answer.text
