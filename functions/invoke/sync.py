"""A synchronous invocation: down the lane to the function's node, and the answer back. No database, no queue."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from functions.errors import (
    InternalServiceException,
    ServiceError,
    SnapStartException,
    SnapStartTimeoutException,
    TooManyRequestsException,
)
from functions.execution import streamed
from functions.execution.lane import LaneClient
from functions.execution.spec import (
    InvocationRequest,
    InvocationResult,
    LaneError,
    NodeUnavailable,
    NotRestored,
    Throttled,
)
from functions.execution.streamed import StreamedResponse
from functions.invoke import recursion, tenancy
from functions.invoke.lanes import Peer, lanes, pool_of
from functions.invoke.routing import Route
from functions.invoke.trace import trace_id as new_trace
from functions.limits import limits

T = TypeVar("T")
log = logging.getLogger(__name__)

# A node that is being restarted is back within this time: the caller waits instead of failing.
PATIENCE_SECONDS = 5.0
AGAIN_SECONDS = 0.1


def invoke(
    route: Route,
    payload: bytes,
    *,
    request_id: str,
    source: str = "api",
    client_context: str = "",
    trace_id: str = "",
    want_tail: bool = False,
    tenant_id: str = "",
) -> InvocationResult:
    """Run the function and wait for its end. A failed function is a result, not an exception.

    Raises TooManyRequestsException over a concurrency limit and InternalServiceException when no worker node could
    run it.
    """
    return result(request(route, request_id, source, client_context, trace_id, want_tail, tenant_id), payload)


def result(wanted: InvocationRequest, payload: bytes) -> InvocationResult:
    """As `invoke`."""
    return _answered(wanted, lambda: run(wanted, payload))


def stream(
    route: Route,
    payload: bytes,
    *,
    request_id: str,
    source: str = "api",
    client_context: str = "",
    trace_id: str = "",
    want_tail: bool = False,
    tenant_id: str = "",
) -> StreamedResponse:
    """Run the function and return with the first piece of its response, or with its end. Raises as `invoke` does;
    iterating raises LaneError."""
    wanted = request(route, request_id, source, client_context, trace_id, want_tail, tenant_id)
    limit = limits().stream_bytes
    return _answered(wanted, lambda: _on_node(wanted, lambda lane: streamed.stream(lane, wanted, payload, limit)))


def run(request: InvocationRequest, payload: bytes) -> InvocationResult:
    """One attempt on the function's node. Raises Throttled or LaneError."""
    return _on_node(request, lambda lane: lane.invoke(request, payload))


def request(
    route: Route, request_id: str, source: str, client_context: str, trace_id: str, want_tail: bool, tenant_id: str
) -> InvocationRequest:
    """What the lane is asked. Raises InvalidParameterValueException for a tenant too much or too little."""
    tenancy.check(route.spec, tenant_id)
    return InvocationRequest(
        request_id=request_id,
        spec=route.spec,
        invoked_arn=route.invoked_arn,
        qualifier=route.qualifier,
        source=source,
        client_context=client_context,
        trace_id=trace_id or recursion.advance(new_trace(), route),
        want_tail=want_tail,
        tenant_id=tenant_id,
    )


def failure(wanted: InvocationRequest, error: Throttled | LaneError) -> ServiceError:
    """What the lane raised, as the error that a caller gets."""
    if isinstance(error, Throttled):
        return TooManyRequestsException(error.message, Reason=error.reason)
    if isinstance(error, NotRestored):
        return _not_restored(error)
    log.error("invocation %s was not run to its end: %s", wanted.request_id, error)
    return InternalServiceException("The request failed because no worker node could run it to its end.")


def _not_restored(error: NotRestored) -> ServiceError:
    if error.timed_out:
        return SnapStartTimeoutException("Lambda couldn't restore the snapshot within the timeout limit.")
    return SnapStartException(
        "An after-restore runtime hook encountered an error. For more information, check the logs."
    )


class Attempts:
    """The nodes that an invocation is tried on, one after the other, until one takes it."""

    __slots__ = ("_give_up_at", "_peer", "_wanted")

    def __init__(self, wanted: InvocationRequest) -> None:
        self._wanted = wanted
        self._give_up_at = 0.0
        self._peer: Peer

    def next(self) -> LaneClient:
        """Raises Throttled when there is no node that may run it."""
        self._peer = lanes().pick(self._wanted.spec, self._wanted.tenant_id)
        return self._peer.client

    def failed(self, error: NodeUnavailable) -> float:
        """The node did not take it. Seconds to wait before the next; raises the error when that was long enough."""
        now = time.monotonic()
        if not self._give_up_at:
            self._give_up_at = now + PATIENCE_SECONDS
        elif now > self._give_up_at:
            raise error
        return 0.0 if lanes().set_aside(self._peer) else AGAIN_SECONDS

    def served(self) -> None:
        if not self._peer.alone:
            self._peer.served(pool_of(self._wanted.spec, self._wanted.tenant_id))


def _answered(wanted: InvocationRequest, call: Callable[[], T]) -> T:
    try:
        return call()
    except (Throttled, LaneError) as error:
        raise failure(wanted, error) from error


def _on_node(wanted: InvocationRequest, call: Callable[[LaneClient], T]) -> T:
    attempts = Attempts(wanted)
    while True:
        try:
            answer = call(attempts.next())
        except NodeUnavailable as error:
            time.sleep(attempts.failed(error))
        else:
            attempts.served()
            return answer
