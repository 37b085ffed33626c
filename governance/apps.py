from django.apps import AppConfig
from django.db.models.signals import post_migrate

from waxell.lib import observing
from waxell.lib.db.rights import EVERYTHING, grant_rights
from waxell.outbox import sources

REGISTRY = "INSERT, UPDATE"


class GovernanceConfig(AppConfig):
    """The rules: policies, budgets, agents, approvals, kill orders."""

    name = "governance"
    verbose_name = "Governance"

    # What the application may do beyond reading. "" means: only through SQL functions.
    table_rights = {
        "governance_person": REGISTRY,
        "governance_person_groups": EVERYTHING,
        "governance_person_user_permissions": EVERYTHING,
        "governance_signinattempt": EVERYTHING,
        "governance_project": REGISTRY,
        "governance_projecthead": "",
        "governance_team": REGISTRY,
        "governance_agent": REGISTRY,
        "governance_agent_teams": EVERYTHING,
        "governance_apikey": "INSERT, UPDATE (last_used_at)",
        "governance_workflow": REGISTRY,
        "governance_tool": REGISTRY,
        "governance_model": REGISTRY,
        "governance_mcpserver": REGISTRY,
        "governance_mcptool": REGISTRY,
        "governance_policy": REGISTRY,
        "governance_policyversion": "INSERT",
        "governance_policycase": "INSERT",
        "governance_policyapproval": "INSERT",
        "governance_policyschedule": REGISTRY,
        "governance_policycomment": "INSERT",
        "governance_budget": "INSERT, UPDATE (name)",
        "governance_budgetversion": "INSERT",
        "governance_window": "",
        "governance_reservation": "",
        "governance_governancestate": "",
        "governance_statebudget": "",
        "governance_killorder": "",
        "governance_approval": "",
        "governance_legalhold": "",
        "governance_retentionrule": EVERYTHING,
        "governance_approvalvote": "INSERT",
        "governance_approvalstep": "INSERT",
        "governance_storedanswer": EVERYTHING,
        "governance_throttledminute": EVERYTHING,
        "governance_enduser": EVERYTHING,
        "governance_membership": EVERYTHING,
        "governance_approvergroup": REGISTRY,
        "governance_approvergroup_people": EVERYTHING,
        "governance_projectuserpermission": EVERYTHING,
        "governance_projectgrouppermission": EVERYTHING,
        "governance_policyuserpermission": EVERYTHING,
        "governance_budgetuserpermission": EVERYTHING,
        "governance_agentuserpermission": EVERYTHING,
    }
    app_functions = (
        "project_open_v1",
        "governance_publish_v1",
        "kill_order_record_v1",
        "legal_hold_record_v1",
        "key_revoke_v1",
        "budget_period_v1",
        "budget_member_v1",
        "project_lock_key_v1",
    )

    def ready(self) -> None:
        post_migrate.connect(grant_rights, sender=self)
        from governance.api import figures
        from governance.queries import notices

        observing.register_admission("governance", figures.may_read)
        sources.register_topics(notices.TOPICS)
        sources.register_reader(notices.ENTRY_TYPES, notices.read)
