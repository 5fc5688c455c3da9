"""The API with 10,000 functions in the account: reads, a create, and a page of the list.

Each figure is of requests signed beforehand over a kept-open connection, and of boto3, which adds its own work.
"""

import base64
import json
import sqlite3
import uuid
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.bench.measure import Times, timed
from tests.family import RunningHearth, start, zip_of

FUNCTIONS = 10_000
CALLS = 300
CREATES = 60
HELLO = "def handler(event, context):\n    return event\n"
MIDDLE = "fleet-05000"
NAME = {"FunctionName": MIDDLE}
Row = tuple[str, str, str]  # what, required, measured


def measure(directory: Path) -> list[Row]:
    hearth = start(directory)
    try:
        fill(hearth)
        return [reads(hearth), pages(hearth), creates(hearth)]
    finally:
        hearth.stop()


def fill(hearth: RunningHearth) -> None:
    """One function by the API, and as many copies of its rows; what hangs on one of them by the API."""
    hearth.deploy("fleet", HELLO, Tags={"team": "blue"})
    with sqlite3.connect(hearth.data / "hearth.sqlite3", timeout=60) as database:
        database.row_factory = sqlite3.Row
        function = dict(database.execute("SELECT * FROM functions_function WHERE name = 'fleet'").fetchone())
        version = dict(
            database.execute(
                "SELECT * FROM functions_functionversion WHERE function_id = ?", [function["id"]]
            ).fetchone()
        )
        names = [f"fleet-{number:05}" for number in range(FUNCTIONS)]
        first = 1_000_000
        _insert(
            database,
            "functions_function",
            function,
            [{"id": first + at, "name": name} for at, name in enumerate(names)],
        )
        _insert(
            database,
            "functions_functionversion",
            version,
            [{"id": first + at, "function_id": first + at, "revision_id": uuid.uuid4().hex} for at in range(FUNCTIONS)],
        )
    client = hearth.client("lambda")
    client.publish_version(**NAME)
    client.create_alias(**NAME, Name="live", FunctionVersion="1")
    client.add_permission(
        **NAME, StatementId="bucket", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::pictures",
    )  # fmt: skip
    client.create_function_url_config(**NAME, AuthType="NONE")
    client.put_function_event_invoke_config(**NAME, MaximumRetryAttempts=1)
    client.put_function_concurrency(**NAME, ReservedConcurrentExecutions=1)


def _insert(database: sqlite3.Connection, table: str, row: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    columns = ", ".join(row)
    marks = ", ".join(f":{column}" for column in row)
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", [{**row, **each} for each in changes])


def reads(hearth: RunningHearth) -> Row:
    function = f"/2015-03-31/functions/{MIDDLE}"
    client = hearth.client("lambda")
    resource = client.get_function_configuration(**NAME)["FunctionArn"]
    paths = {
        "GetFunction": function,
        "GetFunctionConfiguration": f"{function}/configuration",
        "ListVersionsByFunction": f"{function}/versions",
        "GetAlias": f"{function}/aliases/live",
        "ListAliases": f"{function}/aliases",
        "GetPolicy": f"{function}/policy",
        "ListTags": f"/2017-03-31/tags/{quote(resource, safe='')}",
        "GetFunctionUrlConfig": f"/2021-10-31/functions/{MIDDLE}/url",
        "GetFunctionEventInvokeConfig": f"/2019-09-25/functions/{MIDDLE}/event-invoke-config",
        "GetFunctionConcurrency": f"/2019-09-30/functions/{MIDDLE}/concurrency",
        "GetAccountSettings": "/2016-08-19/account-settings",
        "ListLayers": "/2018-10-31/layers",
        "ListEventSourceMappings": "/2015-03-31/event-source-mappings",
    }
    times = {name: requested(hearth, "GET", path, CALLS) for name, path in paths.items()}
    name, slowest = max(times.items(), key=lambda each: each[1].percentile(0.5))
    every = Times([value for each in times.values() for value in each.values])
    boto = timed(lambda _: client.get_function(**NAME), CALLS, 20)
    return (
        f"read operations ({len(paths)} of them, {FUNCTIONS:,} functions)",
        "p50 at most 3 ms",
        f"{every}; slowest: {name}, p50 {slowest.percentile(0.5):.2f} ms; GetFunction by boto3 p50 "
        f"{boto.percentile(0.5):.2f} ms",
    )


def pages(hearth: RunningHearth) -> Row:
    client = hearth.client("lambda")
    first = requested(hearth, "GET", "/2015-03-31/functions", CALLS)
    marker = ""
    for _ in range(FUNCTIONS // 100):
        marker = client.list_functions(**({"Marker": marker} if marker else {}))["NextMarker"]
    middle = requested(hearth, "GET", f"/2015-03-31/functions?Marker={quote(marker, safe='')}", CALLS)
    every = requested(hearth, "GET", "/2015-03-31/functions?FunctionVersion=ALL", CALLS)
    boto = timed(lambda _: client.list_functions(), CALLS // 3, 10)
    return (
        f"page of ListFunctions, 50 of {FUNCTIONS:,}",
        "p50 at most 30 ms",
        f"first {first}, in the middle p50 {middle.percentile(0.5):.2f} ms, all versions p50 "
        f"{every.percentile(0.5):.2f} ms; boto3 p50 {boto.percentile(0.5):.2f} ms",
    )


def creates(hearth: RunningHearth) -> Row:
    client = hearth.client("lambda")
    made = client.get_function_configuration(FunctionName="fleet")
    code = {"ZipFile": zip_of({"app.py": HELLO})}
    rest = {name: made[name] for name in ("Runtime", "Role", "Handler")}
    boto = timed(lambda at: client.create_function(FunctionName=f"made-{at}", Code=code, **rest), CREATES, 5)
    encoded = base64.b64encode(code["ZipFile"]).decode()
    values = []
    for number in range(CREATES):
        document = {"FunctionName": f"sent-{number}", "Code": {"ZipFile": encoded}, **rest}
        body = json.dumps(document).encode()
        values += requested(hearth, "POST", "/2015-03-31/functions", 1, body, expected=201, warm_up=0).values
    return (
        f"CreateFunction, {FUNCTIONS:,} functions",
        "p50 at most 50 ms",
        f"{Times(values)}; boto3 p50 {boto.percentile(0.5):.2f} ms",
    )


def requested(
    hearth: RunningHearth,
    method: str,
    path: str,
    count: int,
    body: bytes = b"",
    *,
    expected: int = 200,
    warm_up: int = 20,
) -> Times:
    """The same request again and again. It is signed before the clock starts."""
    request = AWSRequest(method, hearth.endpoint + path, data=body, headers={"Content-Type": "application/json"})
    keys = Credentials(hearth.credentials["access_key_id"], hearth.credentials["secret_access_key"])
    SigV4Auth(keys, "lambda", hearth.credentials["region"]).add_auth(request)
    headers = dict(request.headers.items())
    connection = HTTPConnection("127.0.0.1", hearth.port)

    def send(_: int) -> None:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == expected, content

    return timed(send, count, warm_up)
