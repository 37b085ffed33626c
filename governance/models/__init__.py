"""Everything governance keeps. Import models from here."""

from governance.models.agents import Agent, ApiKey, Team
from governance.models.approvals import Approval, ApprovalStep, ApprovalVote
from governance.models.budgets import Budget, BudgetVersion, Reservation, Window
from governance.models.cases import PolicyCase
from governance.models.catalogue import Model, Tool, Workflow
from governance.models.kill_orders import KillOrder
from governance.models.mcp_servers import McpServer, McpTool
from governance.models.people import Person
from governance.models.policies import Policy, PolicyVersion
from governance.models.projects import Project, ProjectHead
from governance.models.requests import EndUser, StoredAnswer, ThrottledMinute
from governance.models.retention import LegalHold, RetentionRule
from governance.models.reviews import PolicyApproval, PolicyComment
from governance.models.rights import (
    AgentUserPermission,
    ApproverGroup,
    BudgetUserPermission,
    Membership,
    PolicyUserPermission,
    ProjectGroupPermission,
    ProjectUserPermission,
)
from governance.models.schedules import PolicySchedule
from governance.models.sign_ins import SignInAttempt
from governance.models.states import GovernanceState, StateBudget

__all__ = [
    "Agent",
    "AgentUserPermission",
    "ApiKey",
    "Approval",
    "ApprovalStep",
    "ApprovalVote",
    "ApproverGroup",
    "Budget",
    "BudgetUserPermission",
    "BudgetVersion",
    "EndUser",
    "GovernanceState",
    "KillOrder",
    "LegalHold",
    "McpServer",
    "McpTool",
    "Membership",
    "Model",
    "Person",
    "Policy",
    "PolicyApproval",
    "PolicyCase",
    "PolicyComment",
    "PolicySchedule",
    "PolicyUserPermission",
    "PolicyVersion",
    "Project",
    "ProjectGroupPermission",
    "ProjectHead",
    "ProjectUserPermission",
    "Reservation",
    "RetentionRule",
    "SignInAttempt",
    "StateBudget",
    "StoredAnswer",
    "Team",
    "ThrottledMinute",
    "Tool",
    "Window",
    "Workflow",
]
