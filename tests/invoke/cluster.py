"""Worker nodes without Celery and database: executors with hearts, one Redis, one code store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from functions.execution.spec import FunctionSpec
from functions.invoke import nodes
from functions.invoke.heart import Heart
from functions.invoke.nodes import Node
from tests.execution.running import RunningExecutor


@dataclass
class Member:
    """One node. Its executor runs in a process of its own, its heart in this one."""

    executor: RunningExecutor
    heart: Heart
    node: Node

    def stop(self) -> None:
        self.executor.stop()  # which may have ended already
        self.heart.stop()

    @property
    def name(self) -> str:
        return self.node.id

    def granted(self, spec: FunctionSpec) -> int:
        """Its share of the function's reserved concurrency; -1 when it is alone."""
        granted = self.executor.client.status()["granted"]
        return -1 if granted is None else int(granted.get(f"f:{spec.function}", 0))


@contextmanager
def cluster(directory: Path, *names: str) -> Iterator[dict[str, Member]]:
    """Nodes that know of each other. `settings.REDIS_URL` names a running Redis."""
    (directory / "code").mkdir(exist_ok=True)
    members: dict[str, Member] = {}
    try:
        for name in names:
            members[name] = _start(directory, name)
        yield members
    finally:
        for member in members.values():
            member.stop()


def _start(directory: Path, name: str) -> Member:
    (directory / name).mkdir()
    (directory / name / "code").symlink_to(directory / "code")
    executor = RunningExecutor.start(directory / name, "--member", "--pool", "1")
    node = Node(name, executor.client.address)
    heart = Heart(lambda: node)
    heart.start()
    return Member(executor, heart, node)


def announced() -> set[str]:
    return {node.id for node in nodes.live()}
