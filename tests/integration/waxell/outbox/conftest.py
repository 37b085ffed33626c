from tests.outbox import mailbox, receiver
from tests.sealing.fixtures import ground

__all__ = ["ground", "mailbox", "receiver"]
