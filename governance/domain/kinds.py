"""What an execution can ask to do, and the type of thing each kind is done to."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The kind of an action; the values are the names of Cedar actions."""

    EXECUTION_START = "execution.start"
    EXECUTION_CONTINUE = "execution.continue"
    MODEL_CALL = "model.call"
    TOOL_CALL = "tool.call"
    AGENT_DELEGATE = "agent.delegate"
    DATA_ACCESS = "data.access"
    NETWORK_REQUEST = "network.request"
    CODE_EXECUTE = "code.execute"
    MEMORY_WRITE = "memory.write"
    MESSAGE_SEND = "message.send"


LIFECYCLE_KINDS: Final = frozenset({Kind.EXECUTION_START, Kind.EXECUTION_CONTINUE})
REQUESTABLE: Final = frozenset(Kind) - LIFECYCLE_KINDS

RESOURCE_TYPES: Final[dict[Kind, str]] = {
    Kind.EXECUTION_START: "Workflow",
    Kind.EXECUTION_CONTINUE: "Workflow",
    Kind.MODEL_CALL: "Model",
    Kind.TOOL_CALL: "Tool",
    Kind.AGENT_DELEGATE: "Agent",
    Kind.DATA_ACCESS: "Dataset",
    Kind.NETWORK_REQUEST: "Domain",
    Kind.CODE_EXECUTE: "Runtime",
    Kind.MEMORY_WRITE: "Memory",
    Kind.MESSAGE_SEND: "Channel",
}

GROUP_TYPES: Final[dict[str, str]] = {"Tool": "ToolGroup", "Model": "Provider", "Agent": "Team"}
"""The type of the groups that a resource of a type may be in."""


def tool_action(slug: str) -> str:
    """Name of the Cedar action of a tool with a schema; it is in the group `tool.call`."""
    return f"{Kind.TOOL_CALL.value}/{slug}"
