from tests.outbox import receiver
from tests.sealing.fixtures import ground

__all__ = ["ground", "receiver"]
