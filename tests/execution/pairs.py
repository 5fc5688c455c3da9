"""One function by two ways: through our bootstrap, and through AWS's own client. What they answer and log beside."""

import json
import re
from dataclasses import dataclass
from typing import Any

from functions.execution.spec import FunctionSpec, InvocationResult
from tests.execution.running import RunningExecutor

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")


Answer = tuple[Any, str]


@dataclass(frozen=True)
class Pair:
    """One function by two ways."""

    executor: RunningExecutor
    ours: FunctionSpec
    theirs: FunctionSpec

    def invoke(self, event: Any = None, **changes: Any) -> tuple[InvocationResult, InvocationResult]:
        return self.executor.invoke(self.ours, event, **changes), self.executor.invoke(self.theirs, event, **changes)

    def same(self, event: Any = None, **changes: Any) -> Answer:
        """What both answer: payload and the kind of failure. Fails the test where they differ."""
        ours, theirs = self.answers(event, **changes)
        assert ours == theirs
        return ours

    def answers(self, event: Any = None, **changes: Any) -> tuple[Answer, Answer]:
        """Payload and kind of failure of each; the payload of a failure as JSON, else as text."""
        ours, theirs = (answer(result) for result in self.invoke(event, **changes))
        return ours, theirs

    def log_the_same(self) -> str:
        """What both logged, but for the platform's lines; a custom runtime cannot say that lines belong together."""
        ours, theirs = (
            anonymous("".join(text for text in self.executor.messages(spec) if not platform(text)).replace("\n", ""))
            for spec in (self.ours, self.theirs)
        )
        assert ours == theirs
        return ours


def anonymous(text: str) -> str:
    """Without ids, times, and the place of the interpreter."""
    text = STAMP.sub("<time>", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", text))
    return re.sub(r"repeated \d+ more", "repeated <n> more", text.replace("/opt/lib/", "/var/lang/lib/"))


def platform(text: str) -> bool:
    return text.startswith(("START ", "END ", "REPORT ", "INIT_REPORT "))


def answer(result: InvocationResult) -> Answer:
    text = anonymous(result.payload.decode("utf-8", "surrogatepass"))
    if result.function_error:
        return json.loads(text), result.function_error
    return text, ""
