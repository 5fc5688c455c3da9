"""A synchronous invocation: down the lane to the function's node, and the answer back. No database, no queue."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from functions.errors import InternalServiceException, TooManyRequestsException
from functions.execution import streamed
from functions.execution.lane import LaneClient
from functions.execution.spec import InvocationRequest, InvocationResult, LaneError, NodeUnavailable, Throttled
from functions.execution.streamed import StreamedResponse
from functions.invoke import recursion, tenancy
from functions.invoke.lanes import lanes, pool_of
from functions.invoke.routing import Route
from functions.invoke.trace import trace_id as new_trace
from functions.limits import limits

T = TypeVar("T")
log = logging.getLogger(__name__)

# A node that is being restarted is back within this time: the caller waits instead of failing.
PATIENCE_SECONDS = 5.0


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
    request = _request(route, request_id, source, client_context, trace_id, want_tail, tenant_id)
    return _answered(request, lambda: run(request, payload))


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
    request = _request(route, request_id, source, client_context, trace_id, want_tail, tenant_id)
    limit = limits().stream_bytes
    return _answered(request, lambda: _on_node(request, lambda lane: streamed.stream(lane, request, payload, limit)))


def run(request: InvocationRequest, payload: bytes) -> InvocationResult:
    """One attempt on the function's node. Raises Throttled or LaneError."""
    return _on_node(request, lambda lane: lane.invoke(request, payload))


def _request(
    route: Route, request_id: str, source: str, client_context: str, trace_id: str, want_tail: bool, tenant_id: str
) -> InvocationRequest:
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


def _answered(request: InvocationRequest, call: Callable[[], T]) -> T:
    """What the lane raises becomes the errors that a caller gets."""
    try:
        return call()
    except Throttled as error:
        raise TooManyRequestsException(error.message, Reason=error.reason) from None
    except LaneError as error:
        log.error("invocation %s was not run to its end: %s", request.request_id, error)
        raise InternalServiceException("The request failed because no worker node could run it to its end.") from error


def _on_node(request: InvocationRequest, call: Callable[[LaneClient], T]) -> T:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        peer = lanes().pick(request.spec, request.tenant_id)
        try:
            answer = call(peer.client)
        except NodeUnavailable:
            if time.monotonic() > give_up_at:
                raise
            if not lanes().set_aside(peer):
                time.sleep(0.1)
        else:
            if not peer.alone:
                peer.served(pool_of(request.spec, request.tenant_id))
            return answer
