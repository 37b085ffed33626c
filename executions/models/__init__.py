"""Everything executions keep. Import models from here."""

from executions.models.executions import Execution
from executions.models.heartbeats import Heartbeat

__all__ = ["Execution", "Heartbeat"]
