"""Asking why an action was refused, and what would have been if."""

from html.parser import HTMLParser

import pytest

from governance.models import Membership
from governance.services import rights
from tests.factories import make_person, make_policy, make_tool
from tests.factories.drafts import rule
from waxell.ledger.models import Entry

pytestmark = pytest.mark.django_db

SCHEMA = {
    "type": "object",
    "properties": {"amount": {"type": "integer"}, "note": {"type": "string"}},
    "required": ["amount"],
}
COSTLY = """@id("costly") @message("Too much.") @effect("deny")
forbid (principal, action == Action::"tool.call/pay", resource) when { context.args.amount > 100 };"""


class Form(HTMLParser):
    """What a browser would send of the form `supposing`."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.sent, self._area, self._select = {}, None, None
        self.feed(page.partition('id="supposing"')[2].partition("</form>")[0])

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("name") and (given.get("type") != "checkbox" or "checked" in given):
            self.sent[given["name"]] = given.get("value", "")
        elif tag == "textarea":
            self._area = given["name"]
            self.sent[self._area] = ""
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and "selected" in given:
            self.sent[self._select] = given["value"]

    def handle_data(self, data):
        if self._area:
            self.sent[self._area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = None


@pytest.fixture
def pay(bench):
    make_tool(bench.project, "pay", schema=SCHEMA)
    return make_policy(bench.project, COSTLY)


def address(bench, run, seq=2):
    return bench.url(f"executions/{run.id}/decisions/{seq}/")


def verdict(page):
    """What stands under *What if?*: the verdict of then and the one that would be, or what else is said."""
    return page.partition('id="verdict"')[2].partition("</div>")[0]


def test_it_tells_the_rule_and_what_it_knew(bench, alice, pay):
    run = bench.start(labels={"shop": "north"})
    run.asks(resource="pay", args={"amount": 500})

    page = alice.get(address(bench, run)).text

    assert "Why was this refused?" in page
    assert "Too much." in page
    assert f"policies/{pay.slug}/" in page
    assert "shop=north" in page
    assert Form(page).sent["args"].split() == ["{", '"amount":', "500", "}"]
    assert f'href="{address(bench, run)}"' in alice.get(bench.url(f"executions/{run.id}/")).text


def test_what_is_supposed_as_it_was_changes_nothing_and_other_arguments_do(bench, alice, pay):
    run = bench.start(labels={"shop": "north"})
    run.asks(resource="pay", args={"amount": 500, "note": "\u202eodd\n"})
    where = address(bench, run)
    as_it_was = Form(alice.get(where).text).sent | {"rules": "then"}
    written = Entry.objects.count()

    same = verdict(alice.post(where, as_it_was).text)
    less = verdict(alice.post(where, as_it_was | {"args": '{"amount": 5}'}).text)
    misfit = verdict(alice.post(where, as_it_was | {"args": '{"amount": "much"}'}).text)

    assert "The same" in same
    assert "Too much." in same
    assert "Allowed" in less
    assert "nothing stands against it" in less
    assert "do not fit the tool" in misfit
    assert Entry.objects.count() == written


@pytest.mark.parametrize(
    ("when", "change"),
    [
        ("context.hour == 3", {"hour": "3"}),
        ("context.weekday == 7 && context.minute == 9", {"weekday": "7", "minute": "9"}),
        ('principal in Team::"night"', {"teams": "day, night"}),
        ('resource in ToolGroup::"outward"', {"groups": "outward"}),
        ("context.discovered", {"discovered": "on"}),
        ('context.execution.environment == "production"', {"environment": "production"}),
        ('context.execution.labels.contains("shop=north")', {"labels": "shop=north\nx=y"}),
        ("context.repeats > 3 && context.execution.actions > 4", {"repeats": "4", "actions": "5"}),
        ("context.execution.spent_usd_micros > 2000000", {"spent": "2.50"}),
        (
            "context has estimate && context.estimate has tokens && context.estimate.tokens > 9",
            {"estimate_tokens": "10"},
        ),
        (
            "context has estimate && context.estimate has usd_micros && context.estimate.usd_micros > 9",
            {"estimate_usd": "1"},
        ),
    ],
)
def test_any_fact_can_be_supposed_otherwise(bench, alice, when, change):
    make_tool(bench.project, "mail")
    bench.project.teams.create(slug="night")
    make_tool(bench.project, "other", groups=("outward",))
    policy = make_policy(bench.project, rule(when=f" when {{ {when} }}"), publish=False)
    run = bench.start()
    run.asks(resource="mail")
    where = address(bench, run)
    as_it_was = Form(alice.get(where).text).sent | {"rules": f"draft:{policy.slug}"}

    assert "Not mail." not in verdict(alice.post(where, as_it_was).text)
    assert "Not mail." in verdict(alice.post(where, as_it_was | change).text)


def test_todays_rules_or_a_draft_judge_it_and_a_broken_draft_says_so(bench, alice):
    make_tool(bench.project, "mail")
    run = bench.start()
    run.asks(resource="mail")
    make_policy(bench.project, rule(effect="hold"))
    draft = make_policy(bench.project, rule(effect="halt", name="never"), publish=False)
    broken = make_policy(bench.project, "forbid", publish=False)
    where = address(bench, run)
    as_it_was = Form(alice.get(where).text).sent

    answers = {
        rules: alice.post(where, as_it_was | {"rules": rules})
        for rules in ("then", "now", f"draft:{draft.slug}", f"draft:{broken.slug}", "draft:none")
    }

    assert [answer.status_code for answer in answers.values()] == [200, 200, 200, 422, 422]
    said = [verdict(answer.text) for answer in answers.values()]
    assert "The same" in said[0]
    assert "Waiting for a person" in said[1]
    assert "Stopped" in said[2]
    assert "its draft" in said[2]
    assert "something stands against publishing it" in said[3]
    assert "cannot be read" in said[4]


@pytest.mark.parametrize(
    "junk",
    [{"args": "{"}, {"args": '{"amount": NaN}'}, {"labels": "x"}, {"hour": "24"}, {"spent": "much"}, {"rules": ""}],
)
def test_what_cannot_be_read_is_refused_with_the_form(bench, alice, pay, junk):
    run = bench.start()
    run.asks(resource="pay", args={"amount": 500})
    where = address(bench, run)

    answer = alice.post(where, Form(alice.get(where).text).sent | junk, headers={"HX-Request": "true"})

    assert (answer.status_code, "<html" in answer.text) == (422, False)
    assert "cannot be read" in answer.text


def test_who_may_not_see_contents_reads_the_reasons_and_supposes_nothing(bench, alice, client, pay):
    run = bench.start()
    run.asks(resource="pay", args={"amount": 500})
    run.asks(resource="search", args={"q": "secret"})
    viewer = make_person("Victor")
    rights.grant_role(project=bench.project, person=viewer, role=Membership.Role.VIEWER, actor=bench.actor)
    client.force_login(viewer)

    page = client.get(address(bench, run)).text
    posted = client.post(address(bench, run), {"rules": "now", "args": '{"amount": 5}'}).text

    for text in (page, posted):
        assert "Too much." in text
        assert "This cannot be judged again" in text
        assert "500" not in text
        assert 'id="verdict"' not in text
    other = client.get(address(bench, run, seq=3)).text
    assert "What if?" in other
    assert "secret" not in other


def test_only_decisions_of_the_project_have_such_a_page(bench, alice, pay):
    run = bench.start()
    run.asks(resource="pay", args={"amount": 5})
    run.tells(2)

    assert alice.get(address(bench, run, seq=1)).status_code == 200
    for seq in (3, 99, 2**63):
        assert alice.get(address(bench, run, seq=seq)).status_code == 404
    assert alice.get(bench.url("executions/00000000-0000-7000-8000-000000000000/decisions/2/")).status_code == 404
