"""Addresses of the console's pages on executions; each is within a project."""

from django.urls import include, path

from executions.ui import (
    activity,
    approvals,
    approving_alike,
    cases,
    covering,
    erasing,
    evidence,
    executions,
    explaining,
    kill_orders,
    ledger,
    overview,
    retention,
    simulating,
    simulations,
    starts,
    supposing,
    trials,
    workflows,
)

app_name = "executions"

pages = [
    path("", overview.show, name="overview"),
    path("executions/", executions.execution_list, name="execution_list"),
    path("executions/start/", starts.start, name="execution_start"),
    path("executions/<uuid:execution_id>/", executions.execution, name="execution"),
    path("executions/<uuid:execution_id>/export/", evidence.execution_export, name="execution_export"),
    path("executions/<uuid:execution_id>/erase/", erasing.execution_erase, name="execution_erase"),
    path("executions/<uuid:execution_id>/cancel/", executions.cancel, name="execution_cancel"),
    path("executions/<uuid:execution_id>/decisions/<int:seq>/", supposing.what_if, name="what_if"),
    path(
        "executions/<uuid:execution_id>/contents/<uuid:stream>/<int:seq>/<slug:name>/",
        executions.payload,
        name="payload",
    ),
    path("executions/<uuid:execution_id>/actions/<int:seq>/case/", cases.case_keep, name="case_keep"),
    path("workflows/<uuid:workflow_id>/", workflows.workflow, name="workflow"),
    path("policies/<slug:policy>/try/", simulating.policy_try, name="policy_try"),
    path("policies/<slug:policy>/try/<uuid:simulation_id>/", simulations.simulation, name="simulation"),
    path(
        "policies/<slug:policy>/try/<uuid:simulation_id>/cancel/",
        simulations.simulation_cancel,
        name="simulation_cancel",
    ),
    path("policies/<slug:policy>/trial/", trials.policy_trial, name="policy_trial"),
    path("policies/<slug:policy>/effect/", explaining.policy_effect, name="policy_effect"),
    path("coverage/", covering.coverage_page, name="coverage"),
    path("coverage/blindness/", covering.blindness_page, name="blindness"),
    path("approvals/", approvals.approval_list, name="approval_list"),
    path("approvals/<uuid:approval_id>/", approvals.approval, name="approval"),
    path("approvals/<uuid:approval_id>/alike/", approving_alike.approval_alike, name="approval_alike"),
    path("kill-orders/", kill_orders.kill_order_list, name="kill_order_list"),
    path("kill-orders/new/", kill_orders.kill_order_new, name="kill_order_new"),
    path("kill-orders/<uuid:order_id>/", kill_orders.kill_order, name="kill_order"),
    path("kill-orders/<uuid:order_id>/lift/", kill_orders.kill_order_lift, name="kill_order_lift"),
    path("ledger/", ledger.show, name="ledger"),
    path("ledger/key/", ledger.ledger_key, name="ledger_key"),
    path("ledger/export/", evidence.ledger_export, name="ledger_export"),
    path("ledger/verify/", evidence.ledger_verify, name="ledger_verify"),
    path("retention/", retention.retention, name="retention"),
    path("retention/end-user/", erasing.end_user_erase, name="end_user_erase"),
    path("retention/holds/new/", retention.legal_hold_new, name="legal_hold_new"),
    path("retention/holds/<uuid:hold_id>/lift/", retention.legal_hold_lift, name="legal_hold_lift"),
    path("activity/", activity.show, name="activity"),
]

urlpatterns = [path("p/<slug:slug>/", include(pages))]
