#!/usr/bin/python3
"""An extension as collectors of telemetry are: subscribes, receives batches by HTTP, prints what it got.

Standard library only; the tests put it into /opt/extensions. What it prints is in the function's log:
`got <type> <record>` for each event of the telemetry, `event <eventType> <reason or request id>` for each of its own.
"""

import http.server
import json
import os
import sys
import threading
import time
import urllib.request

NAME = os.path.basename(sys.argv[0])
API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"]
PORT = 4243
WORK = float(os.environ.get("COLLECTOR_WORK", "0"))
TYPES = os.environ.get("COLLECTOR_TYPES", "platform,function").split(",")


def say(*words):
    print(*words, flush=True)


def request(method, path, body=None, **headers):
    data = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(
        API + path, data, {k.replace("_", "-"): v for k, v in headers.items()}, method=method
    )
    with urllib.request.urlopen(asked) as answer:
        return dict(answer.headers), answer.read()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for event in batch:
            say("got", event["type"], json.dumps(event["record"], sort_keys=True))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("sandbox.localdomain", PORT), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
headers, body = request(
    "POST",
    "/2020-01-01/extension/register",
    {"events": ["INVOKE", "SHUTDOWN"]},
    Lambda_Extension_Name=NAME,
    Lambda_Extension_Accept_Feature="accountId",
)
say("registered", body.decode())
me = headers["Lambda-Extension-Identifier"]
request(
    "PUT",
    "/2022-07-01/telemetry",
    {
        "schemaVersion": "2022-12-13",
        "types": TYPES,
        "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25},
        "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243/in"},
    },
    Lambda_Extension_Identifier=me,
)
while True:
    event = json.loads(request("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=me)[1])
    if event["eventType"] == "SHUTDOWN":
        time.sleep(0.3)  # the last of the telemetry comes
        say("event SHUTDOWN", event["shutdownReason"], 0 < event["deadlineMs"] - time.time() * 1000 <= 2000)
        sys.exit(0)
    time.sleep(WORK)
    say("event INVOKE", event["requestId"])
