from tests.stack.fixtures import bench, looking, stack

__all__ = ["bench", "looking", "stack"]
