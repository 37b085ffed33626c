"""The conditions of a rule as rows of fields: an attribute, how it is compared, and with what."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.domain import fact_reference
from governance.domain.rule_forms import WITH_ONE_VALUE, WITHOUT_VALUE, Attribute, Condition, Operator, Path
from governance.ui import rule_words

MOST_ROWS: Final = 30
_BREAK: Final = re.compile(r"[\r\n]+")
_ABOUT: Final = {
    "args": gettext_lazy("Arguments"),
    "execution": gettext_lazy("The execution"),
    "estimate": gettext_lazy("What the agent expects"),
    "definition": gettext_lazy("The tool's definition"),
}


class ConditionFields(forms.Form):
    """One condition. `attribute` is a path as JSON; `values` has one value a line where several are possible."""

    use_required_attribute = False

    attribute = forms.ChoiceField(label=gettext_lazy("What is looked at"))
    operator = forms.ChoiceField(label=gettext_lazy("How it is compared"))
    values = forms.CharField(label=gettext_lazy("With what"), required=False, max_length=10_000)

    def __init__(
        self, attributes: Mapping[Path, Attribute], row: Mapping[str, str], *, prefix: str, bound: bool
    ) -> None:
        data = {f"{prefix}-{name}": value for name, value in row.items()}
        super().__init__(data if bound else None, initial=dict(row), prefix=prefix)
        self._attributes = attributes
        self.fields["attribute"].choices = _choices(attributes)  # type: ignore[attr-defined]
        self.known = _attribute(row.get("attribute", ""), attributes)
        operators = self.known.operators if self.known else ()
        if fact := fact_reference.BY_PATH.get(".".join(self.known.path)) if self.known else None:
            said = f"{fact.meaning} ({fact.unit})" if fact.unit else fact.meaning
            self.fields["attribute"].help_text = capfirst(said.replace("`", ""))
        words = [(one, rule_words.OPERATORS[one]) for one in operators]
        self.fields["operator"].choices = words  # type: ignore[attr-defined]
        operator = row.get("operator", "")
        if operator not in operators:
            operator = operators[0] if operators else ""
            self.initial["operator"] = operator
        self.takes_value = bool(operator) and operator not in WITHOUT_VALUE
        if self.takes_value and operator not in WITH_ONE_VALUE:
            self.fields["values"].widget = forms.Textarea(attrs={"rows": 1})
            self.fields["values"].help_text = _("Several: each on a line.")
        if self.known and rule_words.is_money(self.known.path):
            self.fields["values"].help_text = _("In dollars, as 2.50.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.known is None or "operator" not in given:
            return given
        operator = Operator(given["operator"])
        values = self._values(self.known, operator, given)
        given["condition"] = Condition(path=self.known.path, operator=operator, values=values)
        return given

    def _values(self, known: Attribute, operator: Operator, given: Mapping[str, Any]) -> tuple[int | str, ...]:
        if operator in WITHOUT_VALUE:
            return ()
        lines = [line.strip() for line in _BREAK.split(given.get("values", "")) if line.strip()]
        if not lines:
            self.add_error("values", _("Say with what it is compared."))
        elif len(lines) > 1 and operator in WITH_ONE_VALUE:
            self.add_error("values", _("One value is enough here."))
        values: list[int | str] = []
        for line in lines:
            try:
                values.append(rule_words.value(known, line))
            except ValueError as error:
                self.add_error("values", ValidationError("%(line)s: %(error)s", params={"line": line, "error": error}))
        return tuple(dict.fromkeys(values))


def rows_of(conditions: Iterable[Condition]) -> list[dict[str, str]]:
    """Return the raw rows for conditions."""
    return [
        {
            "attribute": json.dumps(one.path),
            "operator": one.operator.value,
            "values": "\n".join(rule_words.written(one.path, value) for value in one.values),
        }
        for one in conditions
    ]


def rows_given(data: Mapping[str, Any], prefix: str) -> list[dict[str, str]]:
    """Return the raw rows that were sent, in their order."""
    rows = []
    for number in range(MOST_ROWS):
        row = {name: data.get(f"{prefix}-{number}-{name}") for name in ("attribute", "operator", "values")}
        if row["attribute"] is not None:
            rows.append({name: str(value) for name, value in row.items() if value is not None})
    return rows


def fields_for(
    rows: Iterable[Mapping[str, str]], attributes: Mapping[Path, Attribute], prefix: str, *, bound: bool
) -> list[ConditionFields]:
    return [
        ConditionFields(attributes, row, prefix=f"{prefix}-{number}", bound=bound) for number, row in enumerate(rows)
    ]


def _attribute(written: str, attributes: Mapping[Path, Attribute]) -> Attribute | None:
    try:
        path = json.loads(written)
    except ValueError:
        return None
    if not isinstance(path, list) or not all(isinstance(name, str) for name in path):
        return None
    return attributes.get(tuple(path))


def _choices(attributes: Mapping[Path, Attribute]) -> list[Any]:
    """The attributes in groups, what the rule's tool is given first."""
    groups: dict[str, list[tuple[str, str]]] = {str(_ABOUT["args"]): [], _("The moment and the action"): []}
    for path in attributes:
        about = _ABOUT.get(path[0])
        place = str(about) if about else _("The moment and the action")
        groups.setdefault(place, []).append((json.dumps(path), capfirst(rule_words.attribute(path))))
    return [("", _("Choose…")), *((name, found) for name, found in groups.items() if found)]
