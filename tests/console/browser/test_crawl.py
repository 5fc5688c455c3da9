"""Every link, as viewer, developer and admin: no 404, no 500, no complaint of the browser, no other host.

One page for each address of `console.urls` (of the configuration: for each section) is opened in Chromium, one for each
set of query parameters is fetched. Of the links to functions those to the one made here are followed: it has all that a
page can show.
"""

import html
import json
import re
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from playwright.sync_api import Browser, BrowserContext, expect

from tests.console.browser.conftest import Visit
from tests.family import RunningHearth, wait_for, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.server]

NAME = "crawled"
CODE = "def handler(event, context):\n    print('seen', event)\n    return {'n': 1 / event.get('by', 1)}\n"
ROLES = ["viewer", "developer", "admin"]
PASSWORD = "a-password-of-the-crawl"
# Not pages: what pages fetch by script, or give to be saved.
PARTS = {
    "code-file",
    "copy-as",
    "download",
    "healthz",
    "layer-download",
    "logs-download",
    "logs-histogram",
    "palette",
    "preview-schedule",
    "test-runs",
}
# Addresses that a GET answers, but no link leads to.
NO_LINKS = {
    "login": "for those who are not signed in",
    "invitation": "is handed over by other ways",
    "package": "is signed, for the clients of GetFunction",
    "code-file": "is asked for by the editor, with the file's path",
    "code-state": "is asked for by the editor, again and again",
    "image-state": "is asked for by the code page while an image is fetched",
    "sample": "is asked for by the editor, with the sample's name",
    "tail-stream": "does not end; the page of the live tail opens it",
    "palette": "is asked for by Ctrl+K",
    "find-request": "is a form for a request id",
    "arn": "is for addresses made outside",
    "design": "is found by Ctrl+K, by those who work on the console",
    "compare": "is a form for two versions",
    "delete-functions": "is a form for chosen functions",
    "alias": "is the address of a form; a GET leads to the alias",
}
# Forms of one's own: any role may send them.
OWN = ("/logout/", "/account/", "/settings/")
LINK = re.compile(r'(?:<a [^>]*href|hx-get|data-copy-as)="([^"#]+)')
REFERENCES = """() => [...document.querySelectorAll("a[href], [hx-get], [data-copy-as]")].map((node) =>
    node.getAttribute("href") ?? node.getAttribute("hx-get") ?? node.getAttribute("data-copy-as"))"""
# Whom a form that changes something would let send it.
FORMS = """() => [...document.querySelectorAll("form[method=post]")]
    .filter((form) => [...form.elements].some((node) => node.type === "submit" && !node.matches(":disabled")))
    .map((form) => new URL(form.action).pathname)"""


@pytest.fixture(scope="module")
def people(
    browser: Browser, hearth: RunningHearth, cookies: list[dict[str, Any]]
) -> Iterator[dict[str, BrowserContext]]:
    """A signed-in browser of each role. The admin makes the world: a function with everything that pages can show."""
    admin = browser.new_context(base_url=hearth.endpoint)
    admin.add_cookies(cookies)  # type: ignore[arg-type]
    contexts = {"admin": admin}
    for preset in ("viewer", "developer"):
        made = send(admin, "/admin/users/invite/", user_name=f"crawling-{preset}", preset=preset)
        link = re.search(r'<code id="link"[^>]*>([^<]+)', made)
        assert link is not None
        contexts[preset] = browser.new_context(base_url=hearth.endpoint)
        send(contexts[preset], urlsplit(html.unescape(link[1])).path, new=PASSWORD, again=PASSWORD)
    furnish(hearth, admin)
    yield contexts
    for each in contexts.values():
        each.close()


def send(context: BrowserContext, path: str, **fields: str) -> str:
    """Send a form as its page would."""
    context.request.get("/settings/profile/")
    token = next(cookie["value"] for cookie in context.cookies() if "csrf" in cookie["name"])
    answer = context.request.post(path, form={**fields, "csrfmiddlewaretoken": token})
    assert answer.ok, (path, answer.status, answer.text()[:2000])
    return answer.text()


def furnish(hearth: RunningHearth, admin: BrowserContext) -> None:
    arn = hearth.deploy(f"{NAME}-next", CODE)["FunctionArn"]
    hearth.deploy(NAME, CODE, Publish=True, Environment={"Variables": {"KEY": "v"}}, Tags={"for": "crawl"})
    client, logs = hearth.client("lambda"), hearth.client("logs")
    client.publish_layer_version(LayerName=NAME, Content={"ZipFile": zip_of({"python/shared.py": "ONE = 1\n"})})
    client.update_function_configuration(FunctionName=NAME, Description="Changed")
    client.publish_version(FunctionName=NAME)
    split = {"AdditionalVersionWeights": {"2": 0.5}}
    client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1", RoutingConfig=split)
    client.create_alias(FunctionName=NAME, Name="beta", FunctionVersion="2")
    client.put_provisioned_concurrency_config(FunctionName=NAME, Qualifier="beta", ProvisionedConcurrentExecutions=1)
    queue = f"arn:aws:sqs:us-east-1:{hearth.credentials['account_id']}:jobs"
    client.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue)
    client.create_capacity_provider(
        CapacityProviderName=NAME,
        VpcConfig={"SubnetIds": ["subnet-0a1b2c3d"], "SecurityGroupIds": []},
        PermissionsConfig={"CapacityProviderOperatorRoleArn": hearth.role},
    )
    everybody = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*"}
    client.add_layer_version_permission(LayerName=NAME, VersionNumber=1, **everybody)
    url = hearth.public_url(NAME)
    urllib.request.urlopen(urllib.request.Request(hearth.endpoint, headers={"Host": urlsplit(url).netloc})).close()
    client.put_function_event_invoke_config(FunctionName=NAME, DestinationConfig={"OnFailure": {"Destination": arn}})
    nightly = {
        "Name": "nightly",
        "ScheduleExpression": "rate(1 day)",
        "ScheduleExpressionTimezone": "UTC",
    }
    send(admin, f"/functions/{NAME}/triggers/schedule/new/", **nightly)
    for event in ({}, {"by": 0}, {"by": 2}):
        client.invoke(FunctionName=NAME, Qualifier="prod", Payload=json.dumps(event).encode())
    client.invoke(FunctionName=NAME, InvocationType="Event", Payload=b"{}")
    group = f"/aws/lambda/{NAME}"
    wait_for("the group", lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])
    wait_for("the log", lambda: len(logs.filter_log_events(logGroupName=group, filterPattern="REPORT")["events"]) >= 4)


@pytest.fixture(scope="module")
def reached() -> dict[str, set[str]]:
    """By role, the addresses that were seen."""
    return {}


@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_somewhere(
    visit: Callable[..., Visit], people: dict[str, BrowserContext], reached: dict[str, set[str]], role: str
) -> None:
    here = visit(signed_in=False)
    here.page.context.add_cookies(people[role].cookies())  # type: ignore[arg-type]
    crawl = Crawl(here, people[role], may_change=role != "viewer")
    crawl.run("/", f"/functions/?q={NAME}", f"/functions/{NAME}/")
    assert crawl.problems == []
    reached[role] = crawl.names
    assert {"home", "functions", "code", "config-section", "difference", "invocation", "errors", "tail"} <= crawl.names


def test_every_address_is_reached_or_said_not_to_be(
    people: dict[str, BrowserContext], reached: dict[str, set[str]]
) -> None:
    if "admin" not in reached:
        pytest.skip("the admin's crawl did not run")
    assert reached["viewer"] < reached["developer"] <= reached["admin"]
    forgotten = {}
    for name, route in sorted(addresses(get_resolver(), "/")):
        if name in reached["admin"] or name in NO_LINKS:
            continue
        path = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1]], route)
        status = people["admin"].request.get(path).status
        if status != 405:  # only for POST
            forgotten[name] = status
    assert forgotten == {}
    assert set(NO_LINKS) & reached["admin"] == set()


SAMPLES = {None: NAME, "str": NAME, "slug": "schedule", "int": "1", "path": NAME, "uuid": str(uuid.uuid4())}


def addresses(resolver: URLResolver, before: str) -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each, route)
        elif isinstance(each, URLPattern):
            yield str(each.name), route


class Crawl:
    """From link to link. `names`: of the addresses that were seen; `problems`: what is wrong, and where."""

    def __init__(self, here: Visit, context: BrowserContext, *, may_change: bool) -> None:
        self.here = here
        self.context = context
        self.may_change = may_change
        self.problems: list[str] = []
        self.names: set[str] = set()
        self.seen: set[tuple[str, ...]] = set()
        self.waiting: list[tuple[str, str]] = []  # address, the page it stands on

    def run(self, *starts: str) -> None:
        self.waiting = [(each, "the start") for each in starts]
        while self.waiting:
            self.follow(*self.waiting.pop(0))

    def follow(self, address: str, source: str) -> None:
        parts = urlsplit(address)
        try:
            found = resolve(parts.path)
        except Resolver404:
            self.problems.append(f"{source}: no such address {address}")
            return
        name, function = str(found.url_name), found.kwargs.get("name", NAME)
        if function != NAME or name in NO_LINKS:
            return
        place = (name, *(str(found.kwargs.get(each, "")) for each in ("section", "kind", "service", "names")))
        kind = (*place, *sorted(key if key != "view" else value for key, value in parse_qsl(parts.query)))
        if kind in self.seen:
            return
        is_first = name not in PARTS and not any(each[: len(place)] == place for each in self.seen)
        self.seen.add(kind)
        self.names.add(name)
        links = self.open(address, source) if is_first else self.fetch(address, source)
        base = f"{self.here.hearth.endpoint}{address}"
        for link in links:
            target = urljoin(base, link)
            if target.startswith(self.here.hearth.endpoint + "/"):
                self.waiting.append((target.removeprefix(self.here.hearth.endpoint), address))

    def open(self, address: str, source: str) -> list[str]:
        """In Chromium."""
        page = self.here.page
        count = len(self.here.complaints)
        answer = page.goto(self.here.hearth.endpoint + address)
        expect(page.locator(".htmx-request")).to_have_count(0)
        self.problems += [f"{address}: {each}" for each in self.here.complaints[count:]]
        del self.here.complaints[count:]
        if answer is None or not answer.ok:
            self.problems.append(f"{source}: {address} answers {answer and answer.status}")
        if not self.may_change:
            forms = [path for path in page.evaluate(FORMS) if not path.startswith(OWN)]
            self.problems += [f"{address}: a viewer may send {path}" for path in forms]
        links: list[str] = page.evaluate(REFERENCES)
        return links

    def fetch(self, address: str, source: str) -> list[str]:
        answer = self.context.request.get(address)
        if not answer.ok:
            self.problems.append(f"{source}: {address} answers {answer.status}")
        return (
            [html.unescape(link) for link in LINK.findall(answer.text())]
            if "html" in answer.headers["content-type"]
            else []
        )
