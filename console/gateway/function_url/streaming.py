"""A streamed response as HTTP: the prelude's status, headers and cookies, then the body as it comes.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

import json
import logging
from collections.abc import Iterator
from itertools import chain

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from console.gateway.function_url import answer
from functions.execution.spec import LaneError
from functions.execution.streamed import StreamedResponse

log = logging.getLogger(__name__)

PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response"
PRELUDE_END = b"\0" * 8
PRELUDE_BYTES = 128 * 1024


def respond(response: StreamedResponse) -> HttpResponseBase:
    """Returns with the first byte of the body. A function that failed before is a bad gateway."""
    chunks = iter(response)
    try:
        if response.content_type == PRELUDE_TYPE:
            prelude, first = _prelude(chunks)
            template = answer.from_prelude(prelude)
        else:
            first = next(chunks, b"")
            template = HttpResponse(content_type=_plain(response.content_type) or "application/octet-stream")
    except (ValueError, RecursionError, LaneError):
        response.close()
        return answer.bad_gateway()
    if response.result is not None and response.result.function_error:
        return answer.bad_gateway()
    streaming = StreamingHttpResponse(_body(response, chain((first,), chunks)), status=template.status_code)
    streaming.headers = template.headers
    streaming.cookies = template.cookies
    return streaming


def _prelude(chunks: Iterator[bytes]) -> tuple[object, bytes]:
    """The prelude, and what of the body came with it. Raises ValueError for none."""
    data = b""
    for chunk in chunks:
        data += chunk
        head, mark, first = data.partition(PRELUDE_END)
        if mark:
            return json.loads(head), first
        if len(data) > PRELUDE_BYTES:
            break
    raise ValueError("no prelude")


def _body(response: StreamedResponse, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A function that fails on the way ends the body: AWS documents nothing else, and the web server has no means to
    break the connection off. The failure is in the function's log."""
    try:
        yield from filter(None, chunks)
    except LaneError as error:
        log.error("invocation %s was not streamed to its end: %s", response.request.request_id, error)
    finally:
        response.close()


def _plain(content_type: str) -> str:
    return content_type if content_type.isascii() and content_type.isprintable() else ""
