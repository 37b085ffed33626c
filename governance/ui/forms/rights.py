"""Rights on one thing."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.access import Permission


class SingleRightForm(forms.Form):
    """Whom to give which right; `choices` are what can be granted on such a thing."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"list": "known-people", "autocomplete": "off"}),
        help_text=_("Of somebody who can sign in here, with or without a role in this project."),
    )
    right = forms.ChoiceField(label=_("Right"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, choices: Iterable[tuple[str, Any]], **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["right"].choices = list(choices)  # type: ignore[attr-defined]

    def clean_right(self) -> Permission:
        return next(one for one in Permission if one.codename == self.cleaned_data["right"])
