"""A rule's form as fields: what can be chosen is what the project knows, and what the rule already names."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.domain.kinds import GROUP_TYPES, RESOURCE_TYPES, Kind
from governance.domain.policies import EntityRef
from governance.domain.rule_forms import RuleForm, Targets
from governance.domain.rule_forms_attributes import named_tool
from governance.domain.verdicts import Effect
from governance.queries.rule_names import RuleNames
from governance.ui import rule_words, wording

ONLY: Final = "only"
EXCEPT: Final = "except"
PERMIT: Final = "permit"
_BREAK: Final = re.compile(r"[\r\n]+")
_FREE: Final = ("Dataset", "Domain", "Runtime", "Memory", "Channel")
_KINDS: Final = {"Team": gettext_lazy("team"), "ToolGroup": gettext_lazy("group"), "Provider": gettext_lazy("provider")}


class Refs(forms.TypedMultipleChoiceField):
    """Some of the things that have a name here."""

    def __init__(self, refs: Iterable[EntityRef], **options: Any) -> None:
        known = {key(ref): ref for ref in refs}
        super().__init__(
            choices=[(name, _name(ref)) for name, ref in known.items()],
            coerce=known.__getitem__,
            widget=forms.CheckboxSelectMultiple,
            required=False,
            **options,
        )


class RuleFields(forms.Form):
    """All of a rule but its conditions. `seen` is the rule as it was when the form was opened, `revision` the draft."""

    # What is missing is said by us, beside its field, when the rule is saved.
    use_required_attribute = False

    actions = forms.MultipleChoiceField(
        label=gettext_lazy("What it is about"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: every action."),
    )
    what_mode = forms.ChoiceField(
        label=gettext_lazy("Which of them"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            (ONLY, gettext_lazy("Only these")),
            (EXCEPT, gettext_lazy("All but these")),
        ],
    )
    what_names = forms.CharField(
        label=gettext_lazy("Names"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Each on a line."),
    )
    who_mode = forms.ChoiceField(
        label=gettext_lazy("Which agents"),
        required=False,
        choices=[
            ("", gettext_lazy("Every agent")),
            (ONLY, gettext_lazy("Only these")),
            (EXCEPT, gettext_lazy("Every agent but these")),
        ],
    )
    joined = forms.ChoiceField(
        label=gettext_lazy("How they go together"),
        required=False,
        choices=[("", gettext_lazy("All of them must hold")), ("any", gettext_lazy("One of them is enough"))],
    )
    effect = forms.ChoiceField(
        label=gettext_lazy("What the rule does"),
        choices=[(effect or PERMIT, word) for effect, (word, _look) in wording.EFFECTS.items()],
        widget=forms.RadioSelect,
    )
    approvers = forms.ChoiceField(label=gettext_lazy("Who is asked"), required=False)
    quorum = forms.IntegerField(
        label=gettext_lazy("How many must agree"), min_value=1, max_value=99, required=False, initial=1
    )
    timeout = forms.RegexField(
        r"\A[1-9][0-9]{0,5}[smhd]\Z",
        label=gettext_lazy("How long they have"),
        required=False,
        help_text=gettext_lazy("For instance 30m, 4h or 2d. Empty: as the settings say."),
        error_messages={"invalid": gettext_lazy("Write a number and s, m, h or d, as 30m or 4h.")},
    )
    on_refusal = forms.ChoiceField(
        label=gettext_lazy("If they say no"),
        required=False,
        choices=[("deny", gettext_lazy("Refuse the action")), ("halt", gettext_lazy("Stop the execution"))],
    )
    message = forms.CharField(
        label=gettext_lazy("What the agent is told"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why, in words that its people understand."),
    )
    rule_id = forms.RegexField(
        r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z",
        label=gettext_lazy("Name in records"),
        error_messages={"invalid": gettext_lazy("Letters, digits, dots, dashes and underscores, without a space.")},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=80)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        names: RuleNames,
        *,
        data: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        actions: Iterable[str] = (),
        taken: Iterable[str] = (),
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        chosen, self._taken = list(actions), frozenset(taken)
        given = dict(initial or {}) if data is None else {name: _several(data, name) for name in ("who", "what")}
        every = list(dict.fromkeys([*names.actions, *chosen]))
        words = [(name, capfirst(rule_words.action(name))) for name in every]
        self.fields["actions"].choices = words  # type: ignore[attr-defined]
        types = _types(chosen)
        here = [ref for ref in names.refs if ref.type in types]
        agents = [ref for ref in names.refs if ref.type in ("Team", "Agent")]
        self.fields["what"] = Refs(_with(here, given.get("what", ())), label=_("Which"))
        self.fields["who"] = Refs(_with(agents, given.get("who", ())), label=_("Agents and teams"))
        self._free = next(iter(types), "") if len(types) == 1 and not types.isdisjoint(_FREE) else ""
        self.names_are_free = bool(self._free)
        groups = dict(names.groups)
        if asked := (data.get("approvers") if data is not None else (initial or {}).get("approvers")):
            groups.setdefault(asked, asked)
        asked_whom = [("", _("Everybody who may approve")), *groups.items()]
        self.fields["approvers"].choices = asked_whom  # type: ignore[attr-defined]

    def clean_rule_id(self) -> str:
        if self.cleaned_data["rule_id"] in self._taken:
            raise ValidationError(_("Another rule of this policy has this name. Choose another one."))
        return str(self.cleaned_data["rule_id"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["message"] = given.get("message", "").replace("\r\n", "\n").strip()
        if given.get("effect", PERMIT) != PERMIT and not given["message"] and "message" not in self.errors:
            self.add_error("message", _("Say why, so that the agent and its people understand."))
        if self._free:
            lines = (line.strip() for line in _BREAK.split(given.get("what_names", "")))
            given["what"] = [EntityRef(type=self._free, id=line) for line in dict.fromkeys(lines) if line]
        if given.get("what_mode") and not given.get("what"):
            self.add_error("what_names" if self._free else "what", _("Choose at least one, or choose “All” above."))
        if given.get("who_mode") and not given.get("who"):
            self.add_error("who", _("Choose at least one, or choose “Every agent” above."))
        return given

    def values(self) -> dict[str, Any]:
        """What of a RuleForm stands in these fields, once they are valid."""
        given = self.cleaned_data
        effect = None if given["effect"] == PERMIT else Effect(given["effect"])
        asks = effect is Effect.HOLD
        return {
            "id": given["rule_id"],
            "effect": effect,
            "message": given["message"],
            "approvers": (given["approvers"] or None) if asks else None,
            "quorum": (given["quorum"] or 1) if asks else 1,
            "timeout": (given["timeout"] or None) if asks else None,
            "on_refusal": Effect(given["on_refusal"] or Effect.DENY) if asks else Effect.DENY,
            "actions": tuple(given["actions"]),
            "who": _targets(given["who_mode"], given["who"]),
            "what": _targets(given["what_mode"], given["what"]),
            "any_of": given["joined"] == "any",
        }


def initial(form: RuleForm) -> dict[str, Any]:
    """Return what the fields hold for a rule."""
    return {
        "rule_id": form.id,
        "effect": form.effect or PERMIT,
        "message": form.message,
        "approvers": form.approvers or "",
        "quorum": form.quorum,
        "timeout": form.timeout or "",
        "on_refusal": form.on_refusal,
        "actions": list(form.actions),
        "what_mode": _mode(form.what),
        "what": [key(ref) for ref in form.what.refs] if form.what else [],
        "what_names": "\n".join(ref.id for ref in form.what.refs) if form.what else "",
        "who_mode": _mode(form.who),
        "who": [key(ref) for ref in form.who.refs] if form.who else [],
        "joined": "any" if form.any_of else "",
    }


def key(ref: EntityRef) -> str:
    return f"{ref.type}:{ref.id}"


def _several(data: Mapping[str, Any], name: str) -> list[str]:
    return list(data.getlist(name)) if hasattr(data, "getlist") else list(data.get(name, ()))


def _with(refs: list[EntityRef], chosen: Iterable[str]) -> list[EntityRef]:
    """Offer what is known, and what the rule names already though nobody here knows it."""
    found = {key(ref): ref for ref in refs}
    for name in chosen:
        kind, _colon, slug = name.partition(":")
        if kind.isalpha() and slug:
            found.setdefault(name, EntityRef(type=kind, id=slug))
    return list(found.values())


def _types(actions: Iterable[str]) -> set[str]:
    """The types of what these actions are done to, with their groups; no action means every one."""
    kinds = [Kind.TOOL_CALL if named_tool((name,)) else Kind(name) for name in actions]
    types = {RESOURCE_TYPES[kind] for kind in kinds or Kind}
    return types | {GROUP_TYPES[name] for name in types if name in GROUP_TYPES}


def _targets(mode: str, refs: Iterable[EntityRef]) -> Targets | None:
    return Targets(refs=tuple(refs), excluded=mode == EXCEPT) if mode else None


def _mode(targets: Targets | None) -> str:
    if targets is None:
        return ""
    return EXCEPT if targets.excluded else ONLY


def _name(ref: EntityRef) -> str:
    return f"{ref.id} ({_KINDS[ref.type]})" if ref.type in _KINDS else ref.id
