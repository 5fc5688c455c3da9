"""Markup that is stored anywhere is text on every page: no element, no dialog, nothing that the policy had to stop."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog

from tests.console.browser.conftest import Visit
from tests.family import RunningHearth, wait_for, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.server]

NAME = "browser-markup"
EVIL = "\"'><img id=planted src=x onerror=alert(1)><script id=planted>alert(2)</script>{{7*7}}"
SHORT = "\"'><b id=planted onclick=alert(3)>{{7*7}}"  # at most 64 characters
CODE = f"""
import json
EVIL = {EVIL!r}
class Planted(Exception):
    pass
Planted.__name__ = Planted.__qualname__ = EVIL
def handler(event, context):
    print(EVIL)
    print(json.dumps({{"level": EVIL, "message": EVIL, EVIL: EVIL}}))
    if event.get("fail"):
        raise Planted(EVIL)
    return {{EVIL: EVIL}}
"""


@pytest.fixture(scope="module")
def planted(hearth: RunningHearth, browser: Browser) -> list[str]:
    """Plants it wherever something takes it. The addresses where it may show."""
    client, logs, iam = hearth.client("lambda"), hearth.client("logs"), hearth.client("iam")
    statement = {"Sid": "planted", "Effect": "Allow", "Action": EVIL}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Principal": {"Service": EVIL}}]})
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": EVIL}]})
    iam.create_role(RoleName="planted", AssumeRolePolicyDocument=trust, Description=SHORT)
    iam.put_role_policy(RoleName="planted", PolicyName="planted", PolicyDocument=policy)
    hearth.deploy(
        NAME,
        CODE,
        Description=EVIL,
        Role=hearth.role.replace("lambda-role", "planted"),
        Environment={"Variables": {"PLANTED": EVIL}},
        Code={"ZipFile": zip_of({"app.py": CODE, "<img src=x onerror=alert(1)>.py": EVIL})},
    )
    client.publish_version(FunctionName=NAME, Description=EVIL)
    client.update_function_configuration(
        FunctionName=NAME, Description=EVIL + "2", Environment={"Variables": {"PL": EVIL}}
    )
    client.publish_version(FunctionName=NAME, Description=EVIL)
    client.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1", Description=EVIL)
    arn = client.get_function_configuration(FunctionName=NAME)["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"planted": "by = + - @ : / _"})  # the API takes no more
    requests = []
    for event in ({EVIL: EVIL}, {"fail": EVIL}):
        answer = client.invoke(FunctionName=NAME, Payload=json.dumps(event).encode())
        requests.append(answer["ResponseMetadata"]["RequestId"])
    context = browser.new_context(user_agent=f"{EVIL} planted")
    page = context.new_page()
    for name, password in (
        (EVIL, "wrong"),
        (hearth.credentials["console_user"], hearth.credentials["console_password"]),
    ):
        page.goto(hearth.endpoint + "/login/")
        page.fill("#id_username", name)
        page.fill("#id_password", password)
        page.click("text=Sign in >> nth=-1")
    page.wait_for_url(hearth.endpoint + "/")
    page.goto(hearth.endpoint + "/settings/profile/")
    page.fill("#id_name", EVIL)
    page.click("text=Save profile")
    page.wait_for_url("**/profile/")
    for path, fields in {
        f"/functions/{NAME}/triggers/schedule/new/": {
            "Name": "planted", "ScheduleExpression": "rate(1 day)", "ScheduleExpressionTimezone": "UTC",
            "Input": json.dumps(EVIL), "Description": EVIL,
        },
        f"/functions/{NAME}/invocations/{requests[0]}/save/": {"name": SHORT},
        f"/functions/{NAME}/aliases/live/": {"FunctionVersion": "1", "second": "2", "share": "10", "why": EVIL},
    }.items():  # fmt: skip
        page.evaluate(
            """async ([path, fields]) => {
              const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
              const body = new URLSearchParams({...fields, csrfmiddlewaretoken: token});
              const answer = await fetch(path, {method: "POST", body});
              if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
            }""",
            [path, fields],
        )
    wait_for("the log", lambda: len(logs.describe_log_streams(logGroupName=f"/aws/lambda/{NAME}")["logStreams"]))
    visitor = f"/functions/{NAME}"
    tabs = [
        "", "code/", "code/?file=" + quote("<img src=x onerror=alert(1)>.py"), "code/?qualifier=live", "monitor/",
        "logs/", "logs/?view=lines", "logs/?q=" + quote(EVIL), "logs/live/", "errors/", "invocations/",
        "invocations/?q=" + quote(EVIL), "versions/", "versions/?alias=live", "versions/1...2/", "triggers/",
        "triggers/schedule/of/planted/", *(f"invocations/{each}/" for each in requests),
        "config/general/", "config/permissions/", "config/environment/", "config/async/", "config/tags/", "config/url/",
    ]  # fmt: skip
    pages = [
        "/", "/functions/", "/functions/?q=" + quote(EVIL), "/functions/new/?name=" + quote(EVIL), "/errors/",
        "/invocations/?q=" + quote(EVIL), "/triggers/?q=" + quote(EVIL), f"/functions/delete/?name={NAME}",
        "/settings/profile/", "/settings/sessions/", "/settings/keys/", "/admin/users/?q=" + quote(EVIL),
        "/admin/users/", "/admin/audit/", "/admin/audit/?resource=" + quote(EVIL), "/admin/limits/",
        "/admin/concurrency/",
    ]  # fmt: skip
    return [*(f"{visitor}/{each}" for each in tabs), *pages]


def test_nothing_of_it_becomes_an_element(visit: Callable[..., Visit], planted: list[str]) -> None:
    here = visit()
    page = here.page
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    seen, wrong = 0, []
    for path in planted:
        answer = page.goto(here.hearth.endpoint + path)
        assert answer is not None
        if answer.status != 200:
            wrong.append(f"{path}: {answer.status}")
        if path.endswith("/live/"):
            page.wait_for_selector("#tail[data-ready]")
            here.hearth.client("lambda").invoke(FunctionName=NAME, Payload=b"{}")
            page.get_by_text("planted").first.wait_for()
        elif page.locator("[hx-trigger*=load], #ide, #charts").count():
            page.wait_for_load_state("networkidle")
        if page.locator("details.req > summary").count():
            page.locator("details.req > summary").first.click()
        if page.locator("[id=planted], [onerror], [onclick]").count():
            wrong.append(f"{path}: an element")
        text = page.content()
        seen += "id=planted" in text
        if "49" in page.title() or "}}49" in text:
            wrong.append(f"{path}: evaluated")
    assert wrong == []
    assert dialogs == []
    assert seen > 25  # it is there, as text
