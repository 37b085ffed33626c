"""Everything executions keep. Import models from here."""

from executions.models.executions import Execution
from executions.models.heartbeats import Heartbeat
from executions.models.simulations import Simulation, SimulationExample, SimulationPart

__all__ = ["Execution", "Heartbeat", "Simulation", "SimulationExample", "SimulationPart"]
