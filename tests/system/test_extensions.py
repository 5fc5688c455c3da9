"""An extension from a layer, a log of format JSON, and what the console shows of both."""

import json

import requests

from tests.execution.extensions.programs import PRELUDE
from tests.family import RunningHearth, wait_for
from tests.system.test_layers import answer, publish

EXTENSION = (
    PRELUDE
    + """
me = register(NAME, "INVOKE", "SHUTDOWN")
print("extension ready", flush=True)
while following(me)["eventType"] == "INVOKE":
    pass
"""
)


def test_an_extension_of_a_layer_and_a_log_of_json(hearth: RunningHearth) -> None:
    client, logs = hearth.client("lambda"), hearth.client("logs")
    layer = publish(client, "watching", {"extensions/watcher": EXTENSION})
    code = (
        "import logging\ndef handler(event, context):\n    logging.info('seen', extra={'order': 7})\n    return event\n"
    )
    made = hearth.deploy(
        "watched", code, Layers=[layer], LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}
    )
    assert made["LoggingConfig"]["ApplicationLogLevel"] == "INFO"
    assert answer(client, "watched", Payload=b"1") == 1

    def lines() -> list[str]:
        try:
            events = logs.filter_log_events(logGroupName="/aws/lambda/watched")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        found = [event["message"] for event in events]
        return found if any("platform.report" in line for line in found) else []

    found = wait_for("the report", lines)
    assert "extension ready\n" in found
    kinds = [json.loads(line).get("type") for line in found if line.startswith("{")]
    assert [kind for kind in kinds if kind] == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.extension",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    wanted = logs.filter_log_events(logGroupName="/aws/lambda/watched", filterPattern="{ $.order = 7 }")["events"]
    assert [json.loads(event["message"])["message"] for event in wanted] == ["seen"]

    with requests.Session() as browser:
        user, password = hearth.credentials["console_user"], hearth.credentials["console_password"]
        browser.get(f"{hearth.endpoint}/login/", timeout=30)
        token = next(value for key, value in browser.cookies.items() if "csrf" in key)
        form = {"username": user, "password": password, "csrfmiddlewaretoken": token}
        browser.post(f"{hearth.endpoint}/login/", data=form, timeout=30)
        assert "with watcher" in browser.get(f"{hearth.endpoint}/admin/concurrency/", timeout=30).text
        page = browser.get(f"{hearth.endpoint}/functions/watched/logs/", timeout=30).text
    assert "seen" in page
    assert "extension ready" in page
