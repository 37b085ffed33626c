"""Addresses that the public `waxell-observe` client calls."""

from django.urls import path

from executions.api.observe import approvals, costs, daily, guard, runs, telemetry, verdicts

_ONE = "runs/<uuid:execution_id>/"

urlpatterns = [
    path("config/", verdicts.Config.as_view(), name="observe_config"),
    path("policy-manifest/", verdicts.Manifest.as_view(), name="observe_manifest"),
    path("policy-check/", verdicts.PolicyCheck.as_view(), name="observe_policy_check"),
    path("runs/start/", runs.RunStart.as_view(), name="observe_run_start"),
    path("runs/daily/", daily.DailyRun.as_view(), name="observe_daily_run"),
    path(f"{_ONE}llm-calls/", runs.LlmCalls.as_view(), name="observe_llm_calls"),
    path(f"{_ONE}steps/", runs.Steps.as_view(), name="observe_steps"),
    path(f"{_ONE}spans/", telemetry.Spans.as_view(), name="observe_spans"),
    path(f"{_ONE}scores/", telemetry.Scores.as_view(), name="observe_scores"),
    path(f"{_ONE}partial/", telemetry.Partial.as_view(), name="observe_partial"),
    path(f"{_ONE}complete/", runs.Completion.as_view(), name="observe_completion"),
    path("approvals/", approvals.Approvals.as_view(), name="observe_approvals"),
    path("prompt-guard/", guard.PromptGuard.as_view(), name="observe_prompt_guard"),
    path("model-costs/", costs.ModelCosts.as_view(), name="observe_model_costs"),
    path("model-costs/<path:model>/", costs.ModelCost.as_view(), name="observe_model_cost"),
    path("events/", telemetry.Events.as_view(), name="observe_events"),
    path("governance-decision/", telemetry.GovernanceDecisions.as_view(), name="observe_decisions"),
]
