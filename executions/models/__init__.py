"""Everything executions keep. Import models from here."""

from executions.models.executions import Execution

__all__ = ["Execution"]
