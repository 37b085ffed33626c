"""Puts an agent under Waxell's governance: it asks before it acts, settles after it, and closes its record.

from waxell_client import execution, governed_tool

@governed_tool
def search(query: str) -> str: ...

with execution("weather-report") as ex:
    search("weather in Geneva")
"""

from waxell_client.acts import Delegation
from waxell_client.admission import DrivenByWorkers
from waxell_client.amounts import Estimate, Usage, usage_of
from waxell_client.answers import Approval, Decision, Ending, Reason, Receipt, Record
from waxell_client.async_execution import AsyncAct, AsyncExecution, current_async_execution
from waxell_client.client import Client, Opening
from waxell_client.default import configure, execution
from waxell_client.endings import close_on_sigterm
from waxell_client.errors import (
    NOTHING,
    Held,
    NoExecution,
    NotAdmitted,
    NotConfigured,
    Refused,
    Rejected,
    Stopped,
    Unreachable,
    Unsayable,
    WaxellError,
)
from waxell_client.execution import Act, Execution, current_execution
from waxell_client.recovery import deliver_owed
from waxell_client.tools import governed_tool

__all__ = [
    "NOTHING",
    "Act",
    "Approval",
    "AsyncAct",
    "AsyncExecution",
    "Client",
    "Decision",
    "Delegation",
    "DrivenByWorkers",
    "Ending",
    "Estimate",
    "Execution",
    "Held",
    "NoExecution",
    "NotAdmitted",
    "NotConfigured",
    "Opening",
    "Reason",
    "Receipt",
    "Record",
    "Refused",
    "Rejected",
    "Stopped",
    "Unreachable",
    "Unsayable",
    "Usage",
    "WaxellError",
    "close_on_sigterm",
    "configure",
    "current_async_execution",
    "current_execution",
    "deliver_owed",
    "execution",
    "governed_tool",
    "usage_of",
]
