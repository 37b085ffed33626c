"""Addresses of the gate under `/api/v1/`."""

from django.urls import include, path

# Registers the address converters `version` and `our_slug`.
import governance.api.urls  # noqa: F401
from executions.api import approvals, bundles, erasures, kill_orders, legal_holds, simulating, views

app_name = "executions_api"

_ONE = "executions/<uuid:execution_id>/"

urlpatterns = [
    path(f"{_ONE}actions/", views.ActionCollection.as_view(), name="action_collection"),
    path("executions/", views.ExecutionCollection.as_view(), name="execution_collection"),
    path(_ONE, views.ExecutionItem.as_view(), name="execution_item"),
    path(f"{_ONE}entries/", views.EntryCollection.as_view(), name="entry_collection"),
    path(f"{_ONE}bundle/", bundles.Bundle.as_view(), name="bundle"),
    path(f"{_ONE}actions/<version:seq>/", views.ActionItem.as_view(), name="action_item"),
    path(f"{_ONE}actions/<version:seq>/result/", views.ActionResult.as_view(), name="action_result"),
    path(f"{_ONE}heartbeat/", views.Heartbeat.as_view(), name="heartbeat"),
    path(f"{_ONE}close/", views.Closing.as_view(), name="closing"),
    path(f"{_ONE}cancel/", views.Cancelling.as_view(), name="cancelling"),
    path("observe/", include("executions.api.observe.urls")),
    path("ledger/verifier", bundles.verifier_source, name="ledger_verifier"),
    path("approvals/", approvals.ApprovalCollection.as_view(), name="approval_collection"),
    path("approvals/<uuid:approval_id>/", approvals.ApprovalItem.as_view(), name="approval_item"),
    path(
        "approvals/<uuid:approval_id>/decide/",
        approvals.ApprovalDecision.as_view(),
        name="approval_decision",
    ),
    path("kill-orders/", kill_orders.KillOrderCollection.as_view(), name="kill_order_collection"),
    path("kill-orders/<uuid:order_id>/", kill_orders.KillOrderItem.as_view(), name="kill_order_item"),
    path(
        "kill-orders/<uuid:order_id>/lift/",
        kill_orders.KillOrderLifting.as_view(),
        name="kill_order_lifting",
    ),
    path("policies/<our_slug:slug>/simulate/", simulating.PolicySimulation.as_view(), name="policy_simulation"),
    path("erasures/", erasures.ErasureCollection.as_view(), name="erasure_collection"),
    path("erasures/<version:seq>/", erasures.ErasureItem.as_view(), name="erasure_item"),
    path("legal-holds/", legal_holds.LegalHoldCollection.as_view(), name="legal_hold_collection"),
    path("legal-holds/<uuid:hold_id>/", legal_holds.LegalHoldItem.as_view(), name="legal_hold_item"),
    path("legal-holds/<uuid:hold_id>/lift/", legal_holds.LegalHoldLifting.as_view(), name="legal_hold_lifting"),
]
