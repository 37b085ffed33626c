"""MCP servers behind the gateway."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import McpServer
from governance.ui.forms.projects import SLUG_HELP


class McpServerChangeForm(forms.Form):
    url = forms.CharField(
        label=_("Address of the server"),
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://tools.example.com/mcp"}),
        help_text=_("Where the gateway reaches it. A server inside the house must be named in WAXELL_MCP_ALLOW."),
    )
    header = forms.CharField(
        label=_("Header with a secret"),
        max_length=63,
        required=False,
        help_text=_("For instance Authorization. Empty: the server asks for none."),
    )
    secret = forms.CharField(
        label=_("The secret"),
        max_length=4000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("For instance “Bearer …”. It is encrypted and never shown again."),
    )
    active = forms.BooleanField(label=_("Clients reach it through the gateway"), required=False)

    def __init__(self, data: Any = None, *, server: McpServer) -> None:
        super().__init__(data, initial={"url": server.url, "header": server.header, "active": server.active})
        if server.secret is not None:
            self.fields["secret"].help_text = _("Empty: it stays. For another host it must be given again.")

    def wanted(self) -> dict[str, Any]:
        """What `mcp_servers.change` takes: without a new secret the old one stays with its header."""
        return {**self.cleaned_data, "secret": self.cleaned_data["secret"] or None}


class McpServerForm(forms.Form):
    slug = forms.SlugField(label=_("Name"), max_length=63, help_text=SLUG_HELP)
    url = McpServerChangeForm.base_fields["url"]
    header = McpServerChangeForm.base_fields["header"]
    secret = McpServerChangeForm.base_fields["secret"]

    def wanted(self) -> dict[str, Any]:
        """What `mcp_servers.register` takes."""
        return {**self.cleaned_data, "secret": self.cleaned_data["secret"] or None}
