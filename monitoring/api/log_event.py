"""CloudWatch Logs: reading and writing log events.

Tokens are positions in the stream of lines (`monitoring.queries.logs.Position`), so a page stays where it was while new
lines come in. GetLogEvents marks them with their direction: `f/...` goes on behind the position, `b/...` ahead of it.
"""

import time
from typing import Any

from monitoring.api.caller import Caller
from monitoring.api.lookup import find_group, find_stream
from monitoring.errors import InvalidParameterException
from monitoring.ingest.append import append
from monitoring.queries import logs
from monitoring.queries.logs import FAR, Position
from monitoring.queries.patterns import InvalidPattern, Matches, compile_pattern

PAGE = 10_000
TOO_NEW_MS = 2 * 3600 * 1000
TOO_OLD_MS = 14 * 24 * 3600 * 1000
PUT_BYTES = 1_048_576
PUT_OVERHEAD = 26  # bytes for each event, as AWS counts
PUT_SPAN_MS = 24 * 3600 * 1000


def filter_log_events(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names and prefix:
        raise InvalidParameterException("Only one of logStreamNames and logStreamNamePrefix can be specified")
    forward = request.get("startFromHead") is not False
    token = position(request["nextToken"]) if request.get("nextToken") else None
    group = find_group(caller, request)
    page = logs.events(
        group,
        streams=names or None,
        stream_prefix=prefix or "",
        start_ms=request.get("startTime") or 0,
        end_ms=FAR if request.get("endTime") is None else request["endTime"] + 1,  # inclusive, unlike GetLogEvents
        matches=pattern(request.get("filterPattern") or ""),
        after=token if forward else None,
        before=None if forward else token,
        forward=forward,
        limit=request.get("limit") or PAGE,
    )
    result: dict[str, Any] = {
        "events": [
            {
                "logStreamName": event.stream,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingested_ms,
                "eventId": event.event_id,
            }
            for event in (page.events if forward else reversed(page.events))
        ],
        "searchedLogStreams": [],
    }
    if page.more:
        result["nextToken"] = str(page.position)
    return result


def get_log_events(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    stream = find_stream(find_group(caller, request), request["logStreamName"])
    start_ms = request.get("startTime") or 0
    end_ms = FAR if request.get("endTime") is None else request["endTime"]
    direction, place = "f" if request.get("startFromHead") else "b", None
    if request.get("nextToken"):
        direction, slash, text = request["nextToken"].partition("/")
        if direction not in ("f", "b") or not slash:
            raise InvalidParameterException("The specified nextToken is invalid.")
        place = position(text)
    forward = direction == "f"
    page = logs.events(
        stream,
        start_ms=start_ms,
        end_ms=end_ms,
        after=place if forward else None,
        before=None if forward else place,
        forward=forward,
        limit=request.get("limit") or PAGE,
    )
    first, last = ends(page.events, place or Position(start_ms), forward)
    return {
        "events": [
            {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested_ms}
            for event in page.events
        ],
        "nextForwardToken": f"f/{last}",
        "nextBackwardToken": f"b/{first}",
    }


def ends(events: list[logs.Event], place: Position, forward: bool) -> tuple[Position, Position]:
    """Positions to read ahead of and behind a page. An empty page gives the token it came by again: AWS's sign of the
    end. The other token then lies just on the other side of the same line."""
    if events:
        return events[0].position, events[-1].position
    if forward:
        return place._replace(line=place.line + 1), place
    return place, place._replace(line=max(place.line - 1, -1))


def put_log_events(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    stream = find_stream(find_group(caller, request), request["logStreamName"])
    lines = [(event["timestamp"], event["message"]) for event in request["logEvents"]]
    times = [at for at, _ in lines]
    if times != sorted(times):
        raise InvalidParameterException("Log events in a single PutLogEvents request must be in chronological order.")
    if times[-1] - times[0] > PUT_SPAN_MS:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    if sum(len(message.encode("utf-8", "replace")) + PUT_OVERHEAD for _, message in lines) > PUT_BYTES:
        raise InvalidParameterException("Upload too large: the limit is 1048576 bytes")
    now = int(time.time() * 1000)
    accepted = [line for line in lines if now - TOO_OLD_MS <= line[0] <= now + TOO_NEW_MS]
    if accepted:
        append(stream, accepted)
    too_old = sum(at < now - TOO_OLD_MS for at in times)
    too_new = sum(at > now + TOO_NEW_MS for at in times)
    rejected = {}
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if too_new:
        rejected["tooNewLogEventStartIndex"] = len(times) - too_new
    return {"rejectedLogEventsInfo": rejected} if rejected else {}


def position(text: str) -> Position:
    try:
        return Position.parse(text)
    except ValueError as error:
        raise InvalidParameterException("The specified nextToken is invalid.") from error


def pattern(text: str) -> Matches | None:
    try:
        return compile_pattern(text)
    except InvalidPattern as error:
        raise InvalidParameterException(f"Invalid filter pattern: {error}") from error
