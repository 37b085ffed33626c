"""The list of tools of an MCP server, pasted or uploaded."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.domain import tool_lists
from governance.domain.tool_lists import ToolListInvalid
from governance.ui.forms.catalogue import place_of
from waxell.lib import json_strict
from waxell.lib.errors import DomainError
from waxell.lib.json_strict import PayloadTooLarge

MOST_BYTES: Final = 1 << 20


class ToolListForm(forms.Form):
    """Cleaned to `listed`, the tools, and `text`, what they were read from."""

    text = forms.CharField(
        label=_("The list, as JSON"),
        required=False,
        widget=forms.Textarea(
            attrs={
                "class": "mono",
                "rows": 14,
                "spellcheck": "false",
                "placeholder": '{"tools": [{"name": "search", "inputSchema": {"type": "object"}}]}',
            }
        ),
        help_text=_("What the server answers to “tools/list”."),
    )
    file = forms.FileField(label=_("Or a file with it"), required=False)
    before = forms.CharField(
        label=_("Before each name"),
        max_length=100,
        required=False,
        help_text=_("For tools behind the gateway the name of their server and a slash, for instance files/"),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        file = given.get("file")
        body = given["text"].encode() if file is None else file.read(MOST_BYTES + 1)
        where = "text" if file is None else "file"
        if not body.strip():
            self.add_error("text", _("Paste the list or choose a file."))
            return given
        try:
            document = json_strict.parse(body, max_bytes=MOST_BYTES)
            given["listed"] = tool_lists.read(document, prefix=given["before"])
        except PayloadTooLarge:
            self.add_error(where, _("This is larger than a list of tools can be: at most 1 MB."))
        except DomainError as error:
            self.add_error(where, place_of(body.decode(errors="replace")) or error.detail or error.title())
        except ToolListInvalid as error:
            self.add_error(where, str(error))
        else:
            given["text"] = body.decode()
        return given
