import pytest

from executions.workflows.licences import UNKNOWN, Evidence, Finding, classify, normalise, recognise

BSD3 = (
    "Copyright (c) 2020. Redistributions of source code must retain the above copyright notice. "
    "Neither the name of the author nor the names of its contributors may be used."
)


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("mit", "MIT"),
        ("MIT  License", "MIT"),
        ("apache-2.0 or bsd-3-clause", "Apache-2.0 OR BSD-3-Clause"),
        ("Apache License 2.0", "Apache-2.0"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ],
)
def test_normalise_returns_the_spdx_expression(written: str, expression: str) -> None:
    assert normalise(written) == expression


@pytest.mark.parametrize("written", ["", "BSD", "Dual License", "see LICENSE", "MIT AND (", "x" * 5000])
def test_normalise_does_not_guess(written: str) -> None:
    assert normalise(written) is None


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        (BSD3, "BSD-3-Clause"),
        (BSD3.partition("Neither")[0], "BSD-2-Clause"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "LGPL-3.0-only"),
        ("All rights reserved.", None),
    ],
)
def test_recognise_knows_a_licence_by_its_own_words(text: str, identifier: str | None) -> None:
    assert recognise(text) == identifier


def test_the_most_explicit_statement_wins() -> None:
    said = Evidence(expression="MIT", license="Apache-2.0", texts=[BSD3])
    assert classify(said) == Finding(expression="MIT", family="Permissive", source="License-Expression")


def test_a_vague_name_is_settled_by_the_licence_file() -> None:
    said = Evidence(license="BSD", classifiers=["License :: OSI Approved :: BSD License"], texts=[BSD3])
    assert classify(said) == Finding(expression="BSD-3-Clause", family="Permissive", source="licence file")


def test_a_classifier_counts_where_it_is_exact() -> None:
    said = Evidence(classifiers=["License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"])
    assert classify(said) == Finding(expression="MPL-2.0", family="Copyleft Limited", source="classifier")


def test_families_that_differ_are_mixed() -> None:
    assert classify(Evidence(expression="MIT OR GPL-3.0-only")).family == "Mixed"


def test_nobody_says() -> None:
    assert classify(Evidence()) == Finding(expression=UNKNOWN, family="Unknown", source="")
