"""Addresses of governance under `/api/v1/`; what a segment may hold is settled before a view runs."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from governance.api import agents, budgets, catalogue, described, destinations, ledger, mcp_servers, policies

__all__ = ["app_name", "described", "urlpatterns"]


class SlugSegment(StringConverter):
    """A slug of ours."""

    regex = "[A-Za-z0-9_-]{1,63}"


class NameTail(StringConverter):
    """The name of a tool, model or workflow, slashes included."""

    regex = r"[^\x00-\x1f]{1,200}"


class KeySegment(StringConverter):
    """The public part of a key."""

    regex = "[0-9a-z]{1,24}"


class VersionSegment:
    """A version's number."""

    regex = "[0-9]{1,9}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(SlugSegment, "our_slug")
register_converter(NameTail, "name_tail")
register_converter(KeySegment, "key_id")
register_converter(VersionSegment, "version")

app_name = "governance_api"

_DESTINATION = "destinations/<our_slug:slug>/"
_DELIVERY = f"{_DESTINATION}deliveries/<uuid:message_id>/"
_MCP_SERVER = "mcp-servers/<our_slug:slug>/"

urlpatterns = [
    path("policies/", policies.PolicyCollection.as_view(), name="policy_collection"),
    path("policies/<our_slug:slug>/", policies.PolicyItem.as_view(), name="policy_item"),
    path("policies/<our_slug:slug>/draft/", policies.PolicyDraft.as_view(), name="policy_draft"),
    path("policies/<our_slug:slug>/validate/", policies.PolicyValidation.as_view(), name="policy_validation"),
    path("policies/<our_slug:slug>/publish/", policies.PolicyPublication.as_view(), name="policy_publication"),
    path("policies/<our_slug:slug>/retire/", policies.PolicyRetirement.as_view(), name="policy_retirement"),
    path("policies/<our_slug:slug>/versions/", policies.PolicyVersionCollection.as_view(), name="policy_versions"),
    path(
        "policies/<our_slug:slug>/versions/<version:number>/",
        policies.PolicyVersionItem.as_view(),
        name="policy_version",
    ),
    path(
        "policies/<our_slug:slug>/versions/<version:number>/publish/",
        policies.PolicyVersionPublication.as_view(),
        name="policy_version_publication",
    ),
    path("budgets/", budgets.BudgetCollection.as_view(), name="budget_collection"),
    path("budgets/<our_slug:slug>/", budgets.BudgetItem.as_view(), name="budget_item"),
    path("budgets/<our_slug:slug>/versions/", budgets.BudgetVersionCollection.as_view(), name="budget_versions"),
    path(
        "budgets/<our_slug:slug>/versions/<version:number>/",
        budgets.BudgetVersionItem.as_view(),
        name="budget_version",
    ),
    path("agents/", agents.AgentCollection.as_view(), name="agent_collection"),
    path("agents/<our_slug:slug>/", agents.AgentItem.as_view(), name="agent_item"),
    path("agents/<our_slug:slug>/keys/", agents.AgentKeyCollection.as_view(), name="agent_keys"),
    path("keys/", agents.KeyCollection.as_view(), name="key_collection"),
    path("keys/<key_id:identity>/", agents.KeyItem.as_view(), name="key_item"),
    path("keys/<key_id:identity>/revoke/", agents.KeyRevocation.as_view(), name="key_revocation"),
    path("workflows/", catalogue.WorkflowCollection.as_view(), name="workflow_collection"),
    path("workflows/<name_tail:slug>/", catalogue.WorkflowItem.as_view(), name="workflow_item"),
    path("tools/", catalogue.ToolCollection.as_view(), name="tool_collection"),
    path("tools/<name_tail:slug>/", catalogue.ToolItem.as_view(), name="tool_item"),
    path("models/", catalogue.ModelCollection.as_view(), name="model_collection"),
    path("models/<name_tail:slug>/", catalogue.ModelItem.as_view(), name="model_item"),
    path("destinations/", destinations.DestinationCollection.as_view(), name="destination_collection"),
    path(_DESTINATION, destinations.DestinationItem.as_view(), name="destination_item"),
    path(f"{_DESTINATION}remove/", destinations.DestinationRemoval.as_view(), name="destination_removal"),
    path(f"{_DESTINATION}secret/", destinations.DestinationSecret.as_view(), name="destination_secret"),
    path(f"{_DESTINATION}test/", destinations.DestinationTest.as_view(), name="destination_test"),
    path(f"{_DESTINATION}deliveries/", destinations.DeliveryCollection.as_view(), name="destination_deliveries"),
    path(_DELIVERY, destinations.DeliveryItem.as_view(), name="destination_delivery"),
    path(f"{_DELIVERY}send-again/", destinations.DeliveryRepetition.as_view(), name="delivery_repetition"),
    path("mcp-servers/", mcp_servers.McpServerCollection.as_view(), name="mcp_server_collection"),
    path(_MCP_SERVER, mcp_servers.McpServerItem.as_view(), name="mcp_server_item"),
    path(f"{_MCP_SERVER}tools/", mcp_servers.McpToolCollection.as_view(), name="mcp_tools"),
    path(
        f"{_MCP_SERVER}tools/<uuid:tool_id>/accept/",
        mcp_servers.McpToolAcceptance.as_view(),
        name="mcp_tool_acceptance",
    ),
    # Without a slash at the end, as C2SP names them. Numbered logs are those before a recovery, and the newest too.
    path("ledger/checkpoint", ledger.LedgerCheckpoint.as_view(), name="ledger_checkpoint"),
    path("ledger/tile/<path:address>", ledger.LedgerTile.as_view(), name="ledger_tile"),
    path("ledger/key", ledger.LedgerKey.as_view(), name="ledger_key"),
    path("ledger/proof/<uuid:stream>/<version:seq>", ledger.LedgerProof.as_view(), name="ledger_proof"),
    path("ledger/logs/<version:log>/checkpoint", ledger.LedgerCheckpoint.as_view(), name="ledger_log_checkpoint"),
    path("ledger/logs/<version:log>/tile/<path:address>", ledger.LedgerTile.as_view(), name="ledger_log_tile"),
]
