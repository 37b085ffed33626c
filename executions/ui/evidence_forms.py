"""Which evidence to take along, and what to check."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from waxell.ledger.domain.cosignatures import CosignerKey
from waxell.ledger.domain.notes import MalformedKey, VerifierKey
from waxell.lib import uploads

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class PeriodForm(forms.Form):
    """The days of a period, in the project's time zone."""

    first = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    contents = forms.BooleanField(label=_("With what agents sent and received"), required=False)

    def __init__(self, *args: Any, time_zone: str, may_see_contents: bool, **named: Any) -> None:
        super().__init__(*args, **named)
        self.zone = ZoneInfo(time_zone)
        if not may_see_contents:
            del self.fields["contents"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first."))
        elif first and first > timezone.localdate(timezone=self.zone):
            self.add_error("first", _("This day has not come yet."))
        return data

    def bounds(self) -> tuple[datetime, datetime]:
        """The beginning of the first day and the end of the last."""
        return self._midnight(self.cleaned_data["first"]), self._midnight(self.cleaned_data["last"] + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone)


class CheckForm(forms.Form):
    """A file or an execution, and what the reader kept: keys, an older seal, a witness's key."""

    bundle = forms.FileField(
        label=_("A file that was exported"),
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".bundle"}),
    )
    execution = forms.CharField(
        label=_("Or an execution of this project"),
        required=False,
        max_length=36,
        widget=forms.TextInput(attrs={"class": "input mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Its id, as its page shows it."),
    )
    keys = forms.CharField(
        label=_("A key that reached you by another way"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("Without one, this server's own is used."),
    )
    checkpoint = forms.CharField(
        label=_("A seal that you kept from an earlier day"),
        required=False,
        strip=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("The ledger must continue it. Export the file with the proof for that: --continues."),
    )
    witnesses = forms.CharField(
        label=_("The key of a witness"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("Everything in the file must then have been seen, and cosigned, by them. One key on each line."),
    )

    def clean_bundle(self) -> Any:
        file = self.cleaned_data["bundle"]
        if file is not None and file.size > uploads.AT_MOST:
            raise forms.ValidationError(_("It is too long."))
        return file

    def clean_execution(self) -> UUID | None:
        given = self.cleaned_data["execution"].strip()
        try:
            return UUID(given) if given else None
        except ValueError as error:
            raise forms.ValidationError(_("This is no id of an execution.")) from error

    def clean_keys(self) -> str:
        return self._keys("keys", VerifierKey.parse, _("This is no key of a ledger."))

    def clean_witnesses(self) -> str:
        return self._keys("witnesses", CosignerKey.parse, _("This is no key of a witness."))

    def _keys(self, field: str, parse: Callable[[str], object], refusal: "StrPromise") -> str:
        lines = [line.strip() for line in self.cleaned_data[field].splitlines() if line.strip()]
        try:
            return "".join(f"{parse(line)}\n" for line in lines)
        except MalformedKey as error:
            raise forms.ValidationError(refusal) from error

    def clean_checkpoint(self) -> str:
        # Browsers send line ends of their own; a seal has one kind.
        text: str = self.cleaned_data["checkpoint"].replace("\r\n", "\n")
        return f"{text.strip()}\n" if text.strip() else ""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and bool(data.get("bundle")) == bool(data.get("execution")):
            raise forms.ValidationError(_("Choose a file, or say which execution."))
        return data


def too_long() -> str:
    """What is said of a file that no page can check."""
    return str(
        _("A file of more than %(most)s is checked with the program itself; see below.")
        % {"most": filesizeformat(uploads.AT_MOST)}
    )
