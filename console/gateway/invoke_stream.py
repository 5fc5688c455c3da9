"""InvokeWithResponseStream: the response as it comes, in AWS's event-stream encoding.

Errors before the first byte are answered as by Invoke; what fails later is told in the last event, InvokeComplete.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
"""

import base64
import logging
from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from console.gateway import invoke
from console.gateway.wire import event_stream
from functions.execution.spec import LaneError
from functions.execution.streamed import StreamedResponse
from functions.invoke import recursion, sync

log = logging.getLogger(__name__)

OPERATION = "InvokeWithResponseStream"
# Bytes of one PayloadChunk.
CHUNK = 128 * 1024


def view(request: HttpRequest, function_name: str) -> HttpResponseBase:
    return invoke.answered(request, lambda request_id: _invoke(request, function_name, request_id))


def _invoke(request: HttpRequest, function_name: str, request_id: str) -> HttpResponseBase:
    asked = invoke.read(request, function_name, OPERATION)
    if asked.kind == "DryRun":
        return invoke.dry_run(asked)
    trace = recursion.advance(asked.trace, asked.route)
    response = sync.stream(
        asked.route,
        asked.payload,
        request_id=request_id,
        client_context=asked.client_context,
        trace_id=trace,
        want_tail=asked.want_tail,
        tenant_id=asked.tenant_id,
    )
    answer = StreamingHttpResponse(events(response, asked.want_tail), content_type=event_stream.CONTENT_TYPE)
    answer.headers["X-Amz-Executed-Version"] = asked.route.spec.version
    answer.headers["X-Amzn-Trace-Id"] = trace
    if response.content_type.isascii() and response.content_type.isprintable():
        answer.headers["X-Amzn-Remapped-Content-Type"] = response.content_type
    return answer


def events(response: StreamedResponse, want_tail: bool) -> Iterator[bytes]:
    """PayloadChunk for what is written, then InvokeComplete."""
    end: dict[str, str] = {}
    try:
        for data in response:
            for start in range(0, len(data), CHUNK):
                yield event_stream.event("PayloadChunk", data[start : start + CHUNK], "application/octet-stream")
    except LaneError as error:
        log.error("invocation %s was not streamed to its end: %s", response.request.request_id, error)
        end = {"ErrorCode": "ServiceException", "ErrorDetails": "The worker node could not run it to its end."}
    finally:
        response.close()
    result = response.result
    if result is not None and result.function_error:
        end = {"ErrorCode": result.function_error, "ErrorDetails": result.payload.decode(errors="replace")}
    if result is not None and want_tail:
        end["LogResult"] = base64.b64encode(result.log_tail).decode()
    yield event_stream.json_event("InvokeComplete", end)
