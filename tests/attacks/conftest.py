"""The attacks use the executor of the engine's own tests."""

from tests.execution.conftest import executor, start

__all__ = ["executor", "start"]
