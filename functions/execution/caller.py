"""Who waits for an invocation's answer at the other end of the lane."""

from functions.execution.stream import Head, Stream


class Caller:
    """`chunks` is where pieces of the response go as they come; None for a caller who wants the whole."""

    __slots__ = ("_stream", "answered", "chunks")

    def __init__(self, stream: Stream, streaming: bool) -> None:
        self._stream = stream
        self.answered = False
        self.chunks = stream if streaming else None

    def answer(self, head: Head, body: bytes = b"") -> None:
        """Once; ignored after that, and when the caller has gone."""
        if not self.answered:
            self.answered = True
            self._stream.send(head, body)
