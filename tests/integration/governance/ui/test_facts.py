"""What a rule can see, as one looks for it."""

import pytest
from django.urls import reverse

from governance.domain.fact_reference import FACTS
from tests.factories import make_tool

pytestmark = pytest.mark.django_db

SCHEMA = {"type": "object", "properties": {"amount": {"type": "number", "description": "In <b>dollars</b>."}}}


def test_each_fact_has_a_place_of_its_own(owner, project):
    page = owner.get(reverse("governance:fact_list", args=[project.slug])).text

    for fact in FACTS:
        assert page.count(f'id="{fact.anchor}"') == 1
    assert "No tool has a schema yet" in page


def test_words_find_facts_and_arguments_of_ones_own_tools(owner, project):
    make_tool(project, "pay", schema=SCHEMA)
    address = reverse("governance:fact_list", args=[project.slug])

    found = owner.get(address, {"q": "dollars"}).text

    assert "execution.spent_usd_micros" in found
    assert "args.amount" in found
    assert "In &lt;b&gt;dollars" in found
    assert "execution.depth" not in found
    assert "No fact has these words" in owner.get(address, {"q": "moonlight"}).text


def test_a_template_leads_to_the_facts_it_reads(owner, project):
    page = owner.get(reverse("governance:rule_template_list", args=[project.slug])).text

    assert reverse("governance:fact_list", args=[project.slug]) + "#fact-execution-depth" in page
