"""What may happen to the rows of each model. A new model fails the tests until it is listed here."""

from enum import StrEnum
from typing import Final


class Kept(StrEnum):
    """Who may write a table.

    MUTABLE: the application, within the privileges its app declares. APPEND_ONLY: the application
    adds rows, and nobody changes one. FUNCTION_ONLY: nobody but SQL functions; the application reads.
    """

    MUTABLE = "mutable"
    APPEND_ONLY = "append-only"
    FUNCTION_ONLY = "function-only"


CLASSIFIED: Final[dict[str, Kept]] = {
    # People and rights
    "governance.Person": Kept.MUTABLE,
    "governance.Person_groups": Kept.MUTABLE,
    "governance.Person_user_permissions": Kept.MUTABLE,
    "governance.Membership": Kept.MUTABLE,
    "governance.ApproverGroup": Kept.MUTABLE,
    "governance.ApproverGroup_people": Kept.MUTABLE,
    "governance.ProjectUserPermission": Kept.MUTABLE,
    "governance.ProjectGroupPermission": Kept.MUTABLE,
    "governance.PolicyUserPermission": Kept.MUTABLE,
    "governance.BudgetUserPermission": Kept.MUTABLE,
    "governance.AgentUserPermission": Kept.MUTABLE,
    # The registry
    "governance.Project": Kept.MUTABLE,
    "governance.Team": Kept.MUTABLE,
    "governance.Agent": Kept.MUTABLE,
    "governance.Agent_teams": Kept.MUTABLE,
    "governance.ApiKey": Kept.MUTABLE,
    "governance.Workflow": Kept.MUTABLE,
    "governance.Tool": Kept.MUTABLE,
    "governance.Model": Kept.MUTABLE,
    "governance.McpServer": Kept.MUTABLE,
    "governance.McpTool": Kept.MUTABLE,
    # What decides
    "governance.Policy": Kept.MUTABLE,
    "governance.PolicyVersion": Kept.APPEND_ONLY,
    "governance.PolicyCase": Kept.APPEND_ONLY,
    "governance.PolicyApproval": Kept.APPEND_ONLY,
    "governance.PolicyComment": Kept.APPEND_ONLY,
    "governance.PolicySchedule": Kept.MUTABLE,
    "governance.Budget": Kept.MUTABLE,
    "governance.BudgetVersion": Kept.APPEND_ONLY,
    "governance.GovernanceState": Kept.FUNCTION_ONLY,
    "governance.StateBudget": Kept.FUNCTION_ONLY,
    "governance.ProjectHead": Kept.FUNCTION_ONLY,
    "governance.KillOrder": Kept.FUNCTION_ONLY,
    "governance.LegalHold": Kept.FUNCTION_ONLY,
    "governance.RetentionRule": Kept.MUTABLE,
    # What was used and asked
    "governance.Window": Kept.FUNCTION_ONLY,
    "governance.Reservation": Kept.FUNCTION_ONLY,
    "governance.Approval": Kept.FUNCTION_ONLY,
    "governance.ApprovalVote": Kept.APPEND_ONLY,
    "governance.ApprovalStep": Kept.APPEND_ONLY,
    # What the API remembers for a while
    "governance.StoredAnswer": Kept.MUTABLE,
    "governance.ThrottledMinute": Kept.MUTABLE,
    "governance.EndUser": Kept.MUTABLE,
    "governance.SignInAttempt": Kept.MUTABLE,
    # The run and its record
    "executions.Execution": Kept.FUNCTION_ONLY,
    "executions.Heartbeat": Kept.MUTABLE,
    # What a draft would have done; goes away by itself
    "executions.Simulation": Kept.MUTABLE,
    "executions.SimulationPart": Kept.MUTABLE,
    "executions.SimulationExample": Kept.MUTABLE,
    "ledger.Entry": Kept.FUNCTION_ONLY,
    "ledger.Erasure": Kept.FUNCTION_ONLY,
    "ledger.Payload": Kept.FUNCTION_ONLY,
    "ledger.SealQueueItem": Kept.FUNCTION_ONLY,
    "ledger.Stream": Kept.FUNCTION_ONLY,
    # What is told outside; the ledger has what happened
    "outbox.Cursor": Kept.MUTABLE,
    "outbox.Destination": Kept.MUTABLE,
    "outbox.Message": Kept.MUTABLE,
    # What the sealer writes, by functions of its own
    "ledger.Log": Kept.FUNCTION_ONLY,
    "ledger.Leaf": Kept.FUNCTION_ONLY,
    "ledger.FullTile": Kept.FUNCTION_ONLY,
    "ledger.Checkpoint": Kept.FUNCTION_ONLY,
    "ledger.LogKey": Kept.FUNCTION_ONLY,
    "ledger.Sealer": Kept.FUNCTION_ONLY,
    "ledger.Cosignature": Kept.FUNCTION_ONLY,
    "ledger.Witness": Kept.FUNCTION_ONLY,
}

ROWS_STAY: Final = frozenset(
    {
        "governance.PolicyVersion",
        "governance.PolicyCase",
        "governance.PolicyApproval",
        "governance.PolicyComment",
        "governance.BudgetVersion",
        "governance.GovernanceState",
        "governance.StateBudget",
        "governance.ApprovalVote",
        "governance.ApprovalStep",
        "ledger.Entry",
        "ledger.Erasure",
        "ledger.Payload",
    }
)
"""Guarded by triggers against every role, their owner included: rows never change."""

SEALERS: Final = frozenset(
    {
        "ledger.Log",
        "ledger.Leaf",
        "ledger.FullTile",
        "ledger.Checkpoint",
        "ledger.LogKey",
        "ledger.Sealer",
        "ledger.Cosignature",
        "ledger.Witness",
    }
)
"""Empty until a sealer runs."""

CLOSES: Final = frozenset({"executions.Execution"})
"""Guarded by triggers: rows move forward until they end, then never again."""
