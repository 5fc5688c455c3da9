"""The Lambda Runtime API as a process in the sandbox sees it: answers, states, and what a hostile one may try."""

import base64
import contextlib
import socket
from collections.abc import Iterator

import pytest

from functions.execution.runtime_api import server
from functions.execution.runtime_api.runtime import State
from tests.execution.runtime_api.talk import LIMIT, NEXT, RUNTIME, Talk

OK = {"status": "OK"}


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.close()


def path(what: str, request_id: str = "1") -> str:
    return f"{RUNTIME}/invocation/{request_id}/{what}"


def test_one_invocation_after_another(talk: Talk) -> None:
    client = talk.connect()
    for number in ("1", "2"):
        talk.next(client)
        assert talk.engine.debts.settled
        talk.api.send({"op": "invoke", "id": number, "deadline_ms": 9, "arn": "arn"}, b'{"n": 1}')
        got = talk.answer(client)
        assert (got.status, got.body, got.headers["lambda-runtime-aws-request-id"]) == (200, b'{"n": 1}', number)
        answer = talk.ask("POST", path("response", number), b'"done"', client=client)
        assert (answer.status, answer.json, answer.headers["content-type"]) == (202, OK, "application/json")
        assert talk.last == ({"op": "done", "id": number}, b'"done"')
        assert not talk.engine.debts.settled  # until the next one is asked for
    assert talk.engine.frames[0] == ({"op": "init"}, b"")


def test_headers_of_an_invocation(talk: Talk) -> None:
    got = talk.begin(
        trace="Root=1-2-3",
        client_context='{"custom":\n"\u00fc"}',
        cognito={"cognitoIdentityId": "i"},
        tenant="t",
    )
    assert {name: value for name, value in got.headers.items() if name.startswith("lambda")} == {
        "lambda-runtime-aws-request-id": "1",
        "lambda-runtime-deadline-ms": "1",
        "lambda-runtime-invoked-function-arn": "arn",
        "lambda-runtime-trace-id": "Root=1-2-3",
        "lambda-runtime-client-context": '{"custom": "\u00fc"}',
        "lambda-runtime-cognito-identity": '{"cognitoIdentityId":"i"}',
        "lambda-runtime-aws-tenant-id": "t",
    }
    assert got.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Runtime.Own", "Runtime.Own"),
        ("Function.Own", "Function.Own"),
        ("Function.own", "Function.Unknown"),
        ("ValueError", "Runtime.Unknown"),
        ("", "Runtime.Unknown"),
    ],
)
def test_errors(talk: Talk, given: str, kept: str) -> None:
    talk.begin()
    answer = talk.ask("POST", path("error"), b'{"errorType":"E"}', Lambda_Runtime_Function_Error_Type=given)
    assert (answer.status, answer.json) == (202, OK)
    assert talk.last == ({"op": "done", "id": "1", "error": kept}, b'{"errorType":"E"}')


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            b'{"errorMessage": "m", "errorType": "t", "stackTrace": ["s"], "cause": {"exceptions": []}, "more": 1}',
            b'{"errorMessage":"m","errorType":"t","stackTrace":["s"]}',
        ),
        (b"[" * 100_000, b'"Invalid error body"'),
    ],
)
def test_errors_with_a_cause_for_tracing(talk: Talk, body: bytes, kept: bytes) -> None:
    talk.begin()
    kind = "application/vnd.aws.lambda.error.cause+json"
    assert talk.ask("POST", path("error"), body, Content_Type=kind).status == 202
    assert talk.last[1] == kept


def test_init_error(talk: Talk) -> None:
    answer = talk.ask("POST", f"{RUNTIME}/init/error", b"{}", Lambda_Runtime_Function_Error_Type="Runtime.Own")
    assert (answer.status, answer.json) == (202, OK)
    assert talk.engine.frames == [({"op": "init", "error": "Runtime.Own"}, b"{}")]
    refused = talk.ask("GET", NEXT)
    assert (refused.status, refused.json) == (
        403,
        {
            "errorMessage": "State transition from InitError to Ready failed for runtime. "
            "Error: State transition is not allowed",
            "errorType": "InvalidStateTransition",
        },
    )


def test_what_no_state_allows(talk: Talk) -> None:
    wrong = talk.ask("POST", path("response"), b"1")  # nothing was asked for
    assert (wrong.status, wrong.json) == (400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"})
    talk.begin()
    for kind in ("response", "error"):
        assert talk.ask("POST", path(kind, "2"), b"1").json["errorType"] == "InvalidRequestID"
    assert talk.ask("POST", f"{RUNTIME}/init/error", b"1").status == 403
    assert talk.engine.frames == [({"op": "init"}, b"")]
    assert talk.ask("POST", path("response"), b"1").status == 202
    for kind, state in (("response", "InvocationResponse"), ("error", "InvocationErrorResponse")):
        again = talk.ask("POST", path(kind), b"2")
        assert (again.status, again.json["errorType"]) == (403, "InvalidStateTransition")
        assert f"from RuntimeResponseSentState to {state} failed" in again.json["errorMessage"]
    assert talk.engine.frames[1:] == [({"op": "done", "id": "1"}, b"1")]


def test_paths_and_methods(talk: Talk) -> None:
    missing = talk.ask("GET", "/2018-06-01/nothing")
    assert (missing.status, missing.body) == (404, b"404 page not found\n")
    assert talk.ask("POST", NEXT, b"body that nobody reads").status == 405
    assert talk.ask("GET", "/2018-06-01/ping").body == b"pong"


def test_next_again_is_the_same_invocation(talk: Talk) -> None:
    talk.begin(event=b"[1]")
    again = talk.ask("GET", NEXT)
    assert (again.status, again.body) == (200, b"[1]")


def test_who_asked_and_went_is_not_served(talk: Talk) -> None:
    first, second = talk.connect(), talk.connect()
    for client in (first, second):
        talk.next(client)
    second.close()
    talk.until(lambda: len(talk.api._waiting) == 1)
    talk.api.send({"op": "invoke", "id": "1"}, b"[]")
    assert talk.answer(first).body == b"[]"


def test_an_invocation_waits_for_who_asks_later(talk: Talk) -> None:
    client = talk.connect()
    talk.next(client)
    client.close()
    talk.until(lambda: not talk.api._waiting)
    talk.api.send({"op": "invoke", "id": "1"}, b"[2]")
    assert talk.ask("GET", NEXT).body == b"[2]"


def test_the_largest_response_and_one_more(talk: Talk) -> None:
    talk.begin()
    assert talk.ask("POST", path("response"), b"x" * LIMIT).status == 202
    assert len(talk.last[1]) == LIMIT
    talk.begin("2")
    answer = talk.ask("POST", path("response", "2"), b"x" * (LIMIT + 1))
    assert (answer.status, answer.json) == (
        413,
        {
            "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "RequestEntityTooLarge",
        },
    )
    assert talk.last == ({"op": "done", "id": "2", "size": LIMIT + 1}, b"")
    assert talk.begin("3").status == 200


def test_a_large_event_that_is_read_slowly(talk: Talk) -> None:
    event = bytes(range(256)) * 25_000
    assert talk.begin(event=event).body == event


def test_expect_continue(talk: Talk) -> None:
    talk.begin()
    client = talk.connect()
    talk.send(client, f"POST {path('response')} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
    assert talk.answer(client).status == 100
    talk.send(client, b"[]")
    assert talk.answer(client).status == 202
    refused = talk.connect()
    talk.send(refused, f"POST {path('error')} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
    assert talk.answer(refused).status == 403
    assert talk.answer(refused).status == 0  # hung up: whether a body follows nobody knows


# --- streaming ---


def stream(talk: Talk, *chunks: bytes, trailers: str = "", end: bool = True) -> socket.socket:
    client = talk.connect()
    head = (
        f"POST {path('response')} HTTP/1.1\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
        "Content-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    talk.send(client, head.encode())
    for chunk in chunks:
        talk.send(client, b"%x\r\n%s\r\n" % (len(chunk), chunk))
    if end:
        talk.send(client, f"0\r\n{trailers}\r\n".encode())
    return client


def test_chunks_pass_before_the_last_is_there(talk: Talk) -> None:
    talk.begin()
    client = stream(talk, b"one", end=False)
    talk.until(lambda: len(talk.engine.frames) == 2)
    assert talk.last == ({"op": "chunk", "id": "1", "type": "text/x"}, b"one")
    talk.send(client, b"3\r\ntwo\r\n0\r\n\r\n")
    assert talk.answer(client).json == OK
    assert [body for _, body in talk.engine.frames[2:]] == [b"two", b""]
    assert talk.last[0] == {"op": "done", "id": "1"}


def test_many_small_chunks_are_one_frame(talk: Talk) -> None:
    talk.begin()
    stream(talk, *[b"x"] * 1000)
    talk.until(lambda: talk.last[0]["op"] == "done")
    assert b"".join(body for _, body in talk.engine.frames) == b"x" * 1000
    assert len(talk.engine.frames) < 50


def test_an_error_within_the_stream(talk: Talk) -> None:
    talk.begin()
    error = base64.b64encode(b'{"errorMessage":"m"}').decode()
    trailers = f"Lambda-Runtime-Function-Error-Type: Runtime.Own\r\nLambda-Runtime-Function-Error-Body: {error}\r\n"
    stream(talk, b"begun", trailers=trailers)
    talk.until(lambda: talk.last[0]["op"] == "done")
    assert talk.last == ({"op": "done", "id": "1", "error": "Runtime.Own"}, b'{"errorMessage":"m"}')


def test_a_stream_that_breaks_off(talk: Talk) -> None:
    talk.begin()
    stream(talk, b"begun", end=False).close()
    talk.until(lambda: talk.last[0]["op"] == "done")
    assert talk.last == ({"op": "done", "id": "1", "error": "Runtime.TruncatedResponse"}, b"")
    assert talk.begin("2").status == 200


def test_a_paused_stream_makes_the_runtime_wait(talk: Talk) -> None:
    talk.begin()
    client = stream(talk, b"begun", end=False)
    talk.until(lambda: len(talk.engine.frames) == 2)
    talk.api.pause(True)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < 1 << 30:
            talk.turn(0)
            sent += client.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
    before = sum(len(body) for _, body in talk.engine.frames)
    assert before < 100_000 < sent < 1 << 30
    talk.api.pause(False)
    talk.until(lambda: sum(len(body) for _, body in talk.engine.frames) > sent * 0.9)


def test_a_mode_that_does_not_exist(talk: Talk) -> None:
    talk.begin()
    answer = talk.ask("POST", path("response"), b"1", Lambda_Runtime_Function_Response_Mode="backwards")
    assert (answer.status, answer.json["errorType"]) == (400, "InvalidFunctionResponseMode")
    assert talk.last == ({"op": "done", "id": "1", "error": "Runtime.InvalidResponseModeHeader"}, b"")


# --- hostile clients ---


def test_a_length_that_lies(talk: Talk) -> None:
    talk.begin()
    short = talk.connect()
    talk.request(short, "POST", path("response"), b"[1", Content_Length="9")
    short.close()
    talk.until(lambda: talk.last[0]["op"] == "done")
    assert talk.last == ({"op": "done", "id": "1", "error": "Runtime.TruncatedResponse"}, b"")
    talk.begin("2")
    long = talk.connect()
    talk.request(long, "POST", path("response", "2"), b"[1] and more\r\n", Content_Length="3")
    assert talk.answer(long).status == 202
    assert talk.last == ({"op": "done", "id": "2"}, b"[1]")
    assert talk.answer(long).status == 400
    assert talk.begin("3").status == 200


def test_more_connections_than_may_be(talk: Talk) -> None:
    """Idle ones make room; those that hold a request do not."""
    clients = [talk.connect() for _ in range(server.MAX_CONNECTIONS)]
    for client in clients:
        assert talk.ask("GET", "/2018-06-01/ping", client=client).status == 200
    assert talk.ask("GET", "/2018-06-01/ping").status == 200  # in the place of the oldest
    assert talk.answer(clients[0]).status == 0
    assert talk.api.server is not None
    for client in talk.clients[1:]:
        talk.send(client, b"GET /half")
    late = talk.connect()
    talk.request(late, "GET", "/2018-06-01/ping")
    talk.turn(0.02)
    assert len(talk.api.server.connections) == server.MAX_CONNECTIONS
    with pytest.raises(BlockingIOError):
        late.recv(1)
    clients[1].close()
    assert talk.answer(late).body == b"pong"


def test_who_asks_for_nonsense_again_and_again_has_to_wait(talk: Talk) -> None:
    client = talk.connect()
    assert talk.api.server is not None
    for _ in range(server.WASTED):
        assert talk.ask("GET", "/nonsense", client=client).status == 404
    assert talk.api.server.paused
    talk.request(client, "GET", NEXT)
    talk.turn()
    assert talk.engine.frames == []
    talk.until(lambda: talk.engine.frames)
    assert not talk.api.server.paused


def test_the_end_of_the_sandbox_ends_every_connection(talk: Talk) -> None:
    talk.begin()
    client = talk.connect()
    talk.request(client, "POST", path("response"), b"[", Content_Length="9")
    talk.until(lambda: talk.api._state is State.RESPONSE)
    talk.api.close()
    assert talk.answer(client).status == 0
