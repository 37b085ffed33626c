from tests.sealing.fixtures import ground

__all__ = ["ground"]
