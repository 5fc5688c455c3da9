"""Filter patterns, as CloudWatch Logs reads them."""

import pytest

from monitoring.queries.patterns import InvalidPattern, compile_pattern

ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
DOCUMENT = """{"level": "ERROR", "latency": 3.5, "code": 404, "text": "404", "ok": true, "gone": null,
 "a b": {"c": "deep"}, "ip": "123.123.4.5", "big": 1e10, "arn": "a:b:c",
 "items": [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]}"""

MATCHES = [
    ("", "anything"),
    ("ERROR", "[ERROR 400] BAD REQUEST"),
    ("ERROR ARGUMENTS", "ERROR: wrong ARGUMENTS"),
    ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR"),
    ('"say \\"hi\\""', 'they say "hi"'),
    ("?ERROR ?WARN", "WARN: hot"),
    ("ERROR -ARGUMENTS", "ERROR: no memory"),
    ('ERROR -"no disk"', "ERROR: no memory"),
    ("-ERROR", "fine"),
    ("ERROR ?WARN", "ERROR only"),
    ("snake_case", "a snake_case b"),
    ("Straße", "eine Straße"),
    ('{ $.level = "ERROR" }', DOCUMENT),
    ("{ $.level = ERROR }", DOCUMENT),
    ('{$.level="ERR*"}', DOCUMENT),
    ('{ $.level = "*RRO*" }', DOCUMENT),
    ('{ $.level != "INFO" }', DOCUMENT),
    ("{ $.latency > 3 }", DOCUMENT),
    ("{ $.latency >= 3.5 && $.latency <= 3.5 }", DOCUMENT),
    ("{ $.latency < 1e3 }", DOCUMENT),
    ("{ $.big = 1e10 }", DOCUMENT),
    ("{ $.code = 404 }", DOCUMENT),
    ("{ $.code = 4* }", DOCUMENT),
    ('{ $.text = "404" }', DOCUMENT),
    ("{ $.code != 500 }", DOCUMENT),
    ("{ $.ok IS TRUE }", DOCUMENT),
    ("{ $.gone IS NULL }", DOCUMENT),
    ("{ $.nothing NOT EXISTS }", DOCUMENT),
    ("{ $.level EXISTS }", DOCUMENT),
    ('{ $["a b"].c = "deep" }', DOCUMENT),
    ('{ $.["a b"].c = "deep" }', DOCUMENT),
    ("{ $.items[1].id = 2 }", DOCUMENT),
    ('{ $.items[*].name = "y" }', DOCUMENT),
    ("{ $.ip = 123.123.* }", DOCUMENT),
    ("{ $.arn = a:b:* }", DOCUMENT),
    ('{ $.level = "ERROR" && $.latency > 3 }', DOCUMENT),
    ('{ $.level = "INFO" || $.latency > 3 }', DOCUMENT),
    ('{ ($.level = "INFO" || $.ok IS TRUE) && ($.code = 404) }', DOCUMENT),
    ('{ $.level = "ERROR" || $.level = "INFO" && $.code = 1 }', DOCUMENT),
    ("{ $[0] = 1 }", "[1, 2]"),
    ("[ip, env, user, time, request, status, bytes]", ACCESS),
    ("[ip, env, user, time, request, status = 4*, bytes > 1000]", ACCESS),
    ("[ip, env, user, time, request = *html*, status = 404 || status = 410, bytes]", ACCESS),
    ("[..., status = 404, bytes]", ACCESS),
    ("[ip, ..., bytes < 2000]", ACCESS),
    ("[ip = 127.*, ...]", ACCESS),
    ('[ip, env, user = "frank", ...]', ACCESS),
    ('[a, b = "x, y", ...]', '1 "x, y" 3'),
    ("[level = ERROR || level = WARN, ...]", "WARN it is hot"),
    ("[ip, env, user, time, request, status >= 400 && status < 500, bytes]", ACCESS),
]
MISSES = [
    ("ERROR", "error"),
    ("ERROR ARGUMENTS", "ERROR only"),
    ('"SERVER  ERROR"', "SERVER ERROR"),
    ("?ERROR ?WARN", "fine"),
    ("ERROR -ARGUMENTS", "ERROR: ARGUMENTS"),
    ("ERROR ?WARN", "WARN only"),
    ('{ $.level = "INFO" }', DOCUMENT),
    ('{ $.level = "error" }', DOCUMENT),
    ('{ $.level = "ERR" }', DOCUMENT),
    ("{ $.text = 404 }", DOCUMENT),
    ("{ $.ok = 1 }", DOCUMENT),
    ("{ $.ok IS FALSE }", DOCUMENT),
    ("{ $.nothing IS NULL }", DOCUMENT),
    ("{ $.gone NOT EXISTS }", DOCUMENT),
    ('{ $.nothing != "x" }', DOCUMENT),
    ("{ $.items[5].id = 1 }", DOCUMENT),
    ("{ $.level.deeper = 1 }", DOCUMENT),
    ('{ $.level = "ERROR" && $.latency > 4 }', DOCUMENT),
    ('{ ($.level = "INFO" || $.level = "ERROR") && $.code = 1 }', DOCUMENT),
    ("{ $.a = 1 }", "not json"),
    ("{ $.a = 1 }", "{broken"),
    ("{ $.a = 1 }", "[" * 100_000),
    ("{ $.a = 1 }", ""),
    ("[ip, env, user]", ACCESS),
    ("[a, b, c, d, e, f, g, h]", ACCESS),
    ("[..., status = 5*, bytes]", ACCESS),
    ("[ip, env, user, time, request, status, bytes > 2000]", ACCESS),
    ("[..., bytes > 10]", "not a number"),
    ("[a, b, ..., y, z]", "1 2 3"),
]
INVALID = [
    "a-b",
    "1.2.3",
    '"open',
    "%regex%",
    "?",
    "{ $.a }",
    "{ $.a = }",
    "{ $.a = 1",
    "{ a = 1 }",
    "{ $.a > x }",
    "{ $.a = 1 && }",
    "{ ($.a = 1 }",
    "{ $.a = 1) }",
    "{ $.a IS MAYBE }",
    "{ $.a NOT THERE }",
    "{ $.a = 1 $.b = 2 }",
    "{ $.a = %x% }",
    "{ $.a & 1 }",
    "{}",
    "{" + "(" * 200 + "$.a = 1" + ")" * 200 + "}",
    "[a, b",
    "[a, ..., b, ...]",
    "[a, , b]",
    "[]",
    "[a = 1 || b = 2]",
    "x" * 1025,
]


def matches(pattern: str, message: str) -> bool:
    test = compile_pattern(pattern)
    return test is None or test(message)


@pytest.mark.parametrize(("pattern", "message"), MATCHES)
def test_matches(pattern: str, message: str) -> None:
    assert matches(pattern, message)


@pytest.mark.parametrize(("pattern", "message"), MISSES)
def test_does_not_match(pattern: str, message: str) -> None:
    assert not matches(pattern, message)


@pytest.mark.parametrize("pattern", INVALID)
def test_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)


def test_many_wildcards_take_linear_time() -> None:
    assert not matches('{ $.a = "' + "*a" * 400 + '*b" }', '{"a": "' + "a" * 100_000 + '"}')
