"""Addresses of the console's pages on governance.

A slug cannot hold a slash, so what is beside the things of a list has `-/` before it.
"""

from django.urls import include, path

from governance.ui import (
    agents,
    budgets,
    cases,
    catalogue,
    facts,
    groups,
    keys,
    mcp_servers,
    notifications,
    object_rights,
    passwords,
    people,
    policies,
    policy_editing,
    policy_versions,
    projects,
    reviews,
    rule_editor,
    rule_forms,
    rule_templates,
    rules_in_force,
    schedules,
    signing_in,
    tool_lists,
)

app_name = "governance"

_POLICY = "policies/<slug:policy>/"
_BUDGET = "budgets/<slug:budget>/"
_AGENT = "agents/<uuid:agent_id>/"
_RIGHT = "rights/<uuid:person_id>/<slug:right>/take/"
_NOTIFICATION = "notifications/<slug:destination>/"
_PERSON = "people/<uuid:person_id>/roles/"

pages = [
    path("rules/", rules_in_force.rules_in_force, name="rules_in_force"),
    path("policies/", policies.policy_list, name="policy_list"),
    path("policies/-/new/", policies.policy_new, name="policy_new"),
    path("policies/-/words/", policy_editing.policy_words, name="policy_words"),
    path("policies/-/format/", policy_editing.policy_format, name="policy_format"),
    path("policies/-/facts/", facts.fact_list, name="fact_list"),
    path("policies/-/templates/", rule_templates.rule_template_list, name="rule_template_list"),
    path("policies/-/templates/<slug:template>/", rule_templates.rule_template, name="rule_template"),
    path(_POLICY, policies.policy, name="policy"),
    path(f"{_POLICY}check/", policies.policy_check, name="policy_check"),
    path(f"{_POLICY}autosave/", policy_editing.policy_autosave, name="policy_autosave"),
    path(f"{_POLICY}form/", rule_forms.policy_form, name="policy_form"),
    path(f"{_POLICY}form/new/", rule_editor.policy_rule_new, name="policy_rule_new"),
    path(f"{_POLICY}form/<int:number>/", rule_editor.policy_rule, name="policy_rule"),
    path(f"{_POLICY}publish/", policy_versions.policy_publish, name="policy_publish"),
    path(f"{_POLICY}retire/", policy_versions.policy_retire, name="policy_retire"),
    path(f"{_POLICY}rights/", object_rights.policy_rights, name="policy_rights"),
    path(f"{_POLICY}{_RIGHT}", object_rights.policy_right_take, name="policy_right_take"),
    path(f"{_POLICY}history/", policy_versions.policy_history, name="policy_history"),
    path(f"{_POLICY}versions/<int:number>/", policy_versions.policy_version, name="policy_version"),
    path(f"{_POLICY}promote/", policy_versions.policy_promote, name="policy_promote"),
    path(f"{_POLICY}approve/", reviews.policy_approve, name="policy_approve"),
    path(f"{_POLICY}schedule/", schedules.policy_schedule, name="policy_schedule"),
    path(
        f"{_POLICY}schedule/<int:schedule_id>/cancel/", schedules.policy_schedule_cancel, name="policy_schedule_cancel"
    ),
    path(f"{_POLICY}comment/", reviews.policy_comment, name="policy_comment"),
    path(f"{_POLICY}cases/", cases.policy_case_list, name="policy_case_list"),
    path(f"{_POLICY}cases/new/", cases.policy_case_new, name="policy_case_new"),
    path(f"{_POLICY}cases/<int:case_id>/", cases.policy_case, name="policy_case"),
    path(f"{_POLICY}cases/<int:case_id>/remove/", cases.policy_case_remove, name="policy_case_remove"),
    path("budgets/", budgets.budget_list, name="budget_list"),
    path("budgets/-/new/", budgets.budget_new, name="budget_new"),
    path(_BUDGET, budgets.budget, name="budget"),
    path(f"{_BUDGET}rights/", object_rights.budget_rights, name="budget_rights"),
    path(f"{_BUDGET}{_RIGHT}", object_rights.budget_right_take, name="budget_right_take"),
    path(f"{_BUDGET}revise/", budgets.budget_revise, name="budget_revise"),
    path(f"{_BUDGET}retire/", budgets.budget_retire, name="budget_retire"),
    path("agents/", agents.agent_list, name="agent_list"),
    path("agents/new/", agents.agent_new, name="agent_new"),
    path("agents/keys/new/", keys.service_key_new, name="service_key_new"),
    path("agents/keys/<slug:key>/revoke/", keys.key_revoke, name="key_revoke"),
    path(_AGENT, agents.agent, name="agent"),
    path(f"{_AGENT}rights/", object_rights.agent_rights, name="agent_rights"),
    path(f"{_AGENT}{_RIGHT}", object_rights.agent_right_take, name="agent_right_take"),
    path(f"{_AGENT}adopt/", agents.agent_adopt, name="agent_adopt"),
    path(f"{_AGENT}keys/new/", keys.agent_key_new, name="agent_key_new"),
    path("workflows/", catalogue.workflow_list, name="workflow_list"),
    path("workflows/new/", catalogue.workflow_new, name="workflow_new"),
    path("workflows/mcp-servers/", mcp_servers.mcp_server_list, name="mcp_server_list"),
    path("workflows/mcp-servers/-/new/", mcp_servers.mcp_server_new, name="mcp_server_new"),
    path("workflows/mcp-servers/<slug:mcp_server>/", mcp_servers.mcp_server, name="mcp_server"),
    path("workflows/mcp-servers/<uuid:mcp_tool_id>/accept/", mcp_servers.mcp_tool_accept, name="mcp_tool_accept"),
    path("workflows/tools/", catalogue.tool_list, name="tool_list"),
    path("workflows/tools/new/", catalogue.tool_new, name="tool_new"),
    path("workflows/tools/import/", tool_lists.tool_import, name="tool_import"),
    path("workflows/tools/<uuid:tool_id>/", catalogue.tool, name="tool"),
    path("workflows/models/", catalogue.model_list, name="model_list"),
    path("workflows/models/new/", catalogue.model_new, name="model_new"),
    path("workflows/adopt/<slug:kind>/<uuid:name_id>/", catalogue.name_adopt, name="name_adopt"),
    path("notifications/", notifications.notification_list, name="notification_list"),
    path("notifications/-/new/", notifications.notification_new, name="notification_new"),
    path(_NOTIFICATION, notifications.notification, name="notification"),
    path(f"{_NOTIFICATION}test/", notifications.notification_test, name="notification_test"),
    path(f"{_NOTIFICATION}secret/", notifications.notification_secret, name="notification_secret"),
    path(f"{_NOTIFICATION}remove/", notifications.notification_remove, name="notification_remove"),
    path(f"{_NOTIFICATION}messages/<uuid:message_id>/again/", notifications.message_again, name="message_again"),
    path("settings/", projects.project_settings, name="project_settings"),
    path("people/", people.person_list, name="person_list"),
    path("people/new/", people.person_new, name="person_new"),
    path(_PERSON, people.role_grant, name="role_grant"),
    path(f"{_PERSON}<slug:role>/revoke/", people.role_revoke, name="role_revoke"),
    path("people/groups/-/new/", groups.group_new, name="group_new"),
    path("people/groups/<slug:group>/", groups.group, name="group"),
]

urlpatterns = [
    path("", signing_in.home, name="home"),
    path("sign-in/", signing_in.sign_in, name="sign_in"),
    path("sign-out/", signing_in.sign_out, name="sign_out"),
    path("account/password/", passwords.password_change, name="password_change"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("p/<slug:slug>/", include(pages)),
]
