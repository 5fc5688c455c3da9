"""The page of one invocation, and what can be done with it: run again, keep its event, find it by its request id."""

import json
import re
import time
import uuid
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.gateway import authorization
from console.pages import access, copy_as, function_head, loglines, outcomes
from console.pages.cost import Cost
from console.pages.outcomes import Badge
from console.pages.snippets import invoke
from functions.actions.test_event import MAX_NAME, save_test_event
from functions.arn import parse
from functions.errors import ServiceError
from functions.invoke import routing, sync
from functions.models import LATEST, AsyncEvent, Delivery, Function, version
from monitoring.models import Invocation, LogGroup
from monitoring.queries import invocations, logs
from monitoring.queries import requests as grouped
from monitoring.queries.requests import RequestLog

SHOWN = 65_536  # characters of an event or response
# How long a page waits for the record of what it has just run; it comes within a fraction of that.
RECORD_SECONDS = 5.0
# As Python and Node write it; the quote may be escaped, in JSON.
FRAME = re.compile(r"/var/task/(?P<path>[^\"\s:)\\]+)(?:\\?\", line |:)(?P<line>\d+)")
STATES = {
    AsyncEvent.State.PENDING: ("info", "clock"),
    AsyncEvent.State.RUNNING: ("info", "clock"),
    AsyncEvent.State.SUCCEEDED: ("ok", "check"),
}


@dataclass(frozen=True)
class Text:
    """An event or response as far as it was recorded. `note` says why it is not all of it."""

    raw: str
    size: int
    note: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.note

    @cached_property
    def value(self) -> object:
        try:
            return json.loads(self.raw)
        except ValueError:
            return None

    @cached_property
    def shown(self) -> str:
        if self.is_whole and len(self.raw) <= SHOWN and self.value is not None:
            return json.dumps(self.value, indent=2, ensure_ascii=False)
        return self.raw[:SHOWN]


@dataclass(frozen=True)
class Frame:
    """One entry of a stack trace. `url` leads to its line in the editor; empty for code that is not the function's."""

    text: str
    url: str


@dataclass
class Detail:
    """One request: the record of the chosen attempt (None while it runs), its log, its asynchronous event."""

    request_id: uuid.UUID
    name: str
    function: Function | None  # None: deleted since
    attempts: list[Invocation]
    record: Invocation | None
    log: RequestLog | None
    queued: AsyncEvent | None

    @property
    def badge(self) -> Badge:
        return outcomes.of(self.record) if self.record else outcomes.badge(outcomes.RUNNING)

    @cached_property
    def event(self) -> Text:
        return event_of(self.record, self.queued)

    @cached_property
    def response(self) -> Text:
        record = self.record
        assert record is not None
        return recorded(record.response, record.response_size)

    @cached_property
    def cost(self) -> Cost | None:
        return Cost(self.record.billed_ms, self.record.memory_mb) if self.record else None

    @property
    def memory_share(self) -> float:
        record = self.record
        return min(1.0, record.max_memory_mb / record.memory_mb) if record and record.memory_mb else 0.0

    @cached_property
    def lines(self) -> list[loglines.Line]:
        return [loglines.parse(line.message, line.ms) for line in self.log.lines] if self.log else []

    @cached_property
    def stack(self) -> list[Frame]:
        """Of the error, when the function answered one."""
        if self.record is None or self.record.response is None or not isinstance(self.response.value, dict):
            return []
        trace = self.response.value.get("stackTrace") or self.response.value.get("trace")
        if self.record.outcome == "success" or not isinstance(trace, list):
            return []
        return [self._frame(str(entry)) for entry in trace[:50]]

    def _frame(self, text: str) -> Frame:
        found = FRAME.search(text)
        if found is None or self.function is None or self.record is None:
            return Frame(text.strip(), "")
        query = {"file": found["path"], "line": found["line"]}
        if self.record.version != LATEST:
            query["qualifier"] = self.record.version
        return Frame(text.strip(), f"{reverse('code', args=[self.name])}?{urlencode(query)}")

    @cached_property
    def deliveries(self) -> list[Delivery]:
        """Where the outcome of the asynchronous event went."""
        return list(self.queued.deliveries.all()) if self.queued else []

    @property
    def queue_look(self) -> Badge:
        assert self.queued is not None
        look, icon = STATES.get(AsyncEvent.State(self.queued.state), ("err", "err"))
        return Badge(self.queued.get_state_display(), look, icon)

    @property
    def tenant(self) -> str:
        """Whose invocation it was, of a function that isolates tenants."""
        return (self.record and self.record.tenant_id) or (self.queued and self.queued.tenant_id) or ""

    @property
    def qualifier(self) -> str:
        return (self.record.qualifier or LATEST) if self.record else LATEST


def recorded(text: str | None, size: int) -> Text:
    if text is None:
        return Text("", size, "It is not text, and is not kept." if size else "")
    if len(text.encode("utf-8", "surrogatepass")) < size:
        return Text(text, size, "Only its beginning is kept.")
    return Text(text, size)


def event_of(record: Invocation | None, queued: AsyncEvent | None) -> Text:
    """The event: of the record, or whole from the queue while that keeps it."""
    found = recorded(record.event, record.event_size) if record else Text("", 0, "It is recorded when it has ended.")
    if found.is_whole or queued is None:
        return found
    payload = bytes(queued.payload)
    try:
        return Text(payload.decode(), len(payload))
    except UnicodeDecodeError:
        return found


def load(request: HttpRequest, name: str, request_id: uuid.UUID) -> Detail:
    """Raises Http404 when nothing of the request is known in this account."""
    account, region = access.account(request).id, settings.HEARTH_REGION
    function = Function.objects.filter(account_id=account, region=region, name=name).first()
    attempts = [each for each in invocations.attempts(account, region, str(request_id)) if each.function_name == name]
    wanted = request.GET.get("attempt", "")
    record = next((each for each in attempts if str(each.attempt) == wanted), attempts[-1] if attempts else None)
    queued = AsyncEvent.objects.filter(pk=request_id, account_id=account, region=region, function_name=name).first()
    group = _group(account, region, record, function)
    log = grouped.one(group, str(request_id)) if group else None
    if record is None and log is None and queued is None:
        raise Http404(f"There is no record of request {request_id} of {name} in this account (yet).")
    return Detail(request_id, name, function, attempts, record, log, queued)


def _group(account: str, region: str, record: Invocation | None, function: Function | None) -> LogGroup | None:
    if record is not None:
        return logs.group(account, region, record.log_group)
    latest = function.versions.filter(number=0).first() if function else None
    return logs.group(account, region, latest.log_group) if latest else None


@access.page
@never_cache
@require_safe
def show(request: HttpRequest, name: str, request_id: uuid.UUID) -> HttpResponse:
    return _show(request, load(request, name, request_id))


def _show(request: HttpRequest, detail: Detail, *, event_name: str | None = None, problem: str = "") -> HttpResponse:
    function, record = detail.function, detail.record
    targets: list[tuple[str, str]] = []
    if function is not None:
        targets = [(LATEST, "$LATEST, the draft")]
        targets += [(alias.name, f"Alias {alias.name}, version {alias.version}") for alias in function.aliases.all()]
        numbers = function.versions.filter(number__gt=0).order_by("-number").values_list("number", flat=True)
        targets += [(label, f"Version {label}") for label in map(version.label, numbers[:100])]
    qualifier = record.qualifier if record else ""
    context = {
        "section": "functions",
        "detail": detail,
        "record": record,
        "targets": targets,
        "snippets": copy_as.texts(request, [invoke(detail.name, qualifier, detail.event.raw, detail.tenant)])
        if detail.event.is_whole and len(detail.event.raw) <= SHOWN
        else [],
        "event_name": f"from-{str(detail.request_id)[:8]}" if event_name is None else event_name,
        "problem": problem,
        "max_name": MAX_NAME,
        "is_open": record is None or (detail.queued is not None and detail.queued.finished_at is None),
    }
    return render(request, "invocation/show.html", context, status=400 if problem else 200)


@access.page
@require_POST
def rerun(request: HttpRequest, name: str, request_id: uuid.UUID) -> HttpResponse:
    """Invoke with the same event, against the qualifier of the form; then to the page of the new invocation."""
    function_head.find(request, name)
    detail = load(request, name, request_id)
    here = _url(detail)
    if not detail.event.is_whole:
        messages.error(request, f"It cannot be run again: {_lower(detail.event.note)}", extra_tags="err")
        return redirect(here)
    qualifier = request.POST.get("qualifier") or LATEST
    if copy_as.is_wanted(request):
        return copy_as.of_form(request, None, lambda: [invoke(name, qualifier, detail.event.raw, detail.tenant)])
    fresh = uuid.uuid4()
    caller = access.caller(request)
    wanted = None if qualifier == LATEST else qualifier
    try:
        authorization.check(caller, "lambda", "Invoke", {"FunctionName": name, "Qualifier": wanted})
        route = routing.resolve(parse(name, wanted, caller))
        tenant = detail.tenant if route.spec.tenant_isolation else ""
        sync.invoke(route, detail.event.raw.encode(), request_id=str(fresh), source="console", tenant_id=tenant)
    except ServiceError as error:
        messages.error(request, f"It was not run: {error.message or error.code}", extra_tags="err")
        return redirect(here)
    _wait_for(access.account(request).id, fresh)
    messages.success(request, f"Ran again with the event of {str(request_id)[:8]}.", extra_tags="ok")
    return redirect("invocation", name, fresh)


@access.page
@require_POST
def save_event(request: HttpRequest, name: str, request_id: uuid.UUID) -> HttpResponse:
    """Keep the event as a test event of the function."""
    function = function_head.find(request, name)
    detail = load(request, name, request_id)
    wanted = request.POST.get("name", "").strip()
    if not detail.event.is_whole:
        return _show(request, detail, event_name=wanted, problem=detail.event.note)
    try:
        save_test_event(access.caller(request), function, wanted, detail.event.raw or "null")
    except ServiceError as error:
        return _show(request, detail, event_name=wanted, problem=error.message or error.code)
    messages.success(request, f"Saved as test event {wanted}.", extra_tags="ok")
    return redirect(_url(detail))


@access.page
@require_safe
def resolve(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """/r/<request id>: to the page of that invocation."""
    account, region = access.account(request).id, settings.HEARTH_REGION
    record = invocations.one(account, region, str(request_id))
    name = record.function_name if record else _name_of_running(account, region, request_id)
    if not name:
        raise Http404(f"There is no record of request {request_id} in this account (yet).")
    return redirect("invocation", name, request_id)


@access.page
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """/r/?id=: the same for a form."""
    wanted = request.GET.get("id", "").strip()
    try:
        return redirect("request", uuid.UUID(wanted))
    except ValueError:
        messages.error(
            request, f"{wanted[:60]!r} is no request id: that has 36 characters, as a UUID.", extra_tags="err"
        )
        return redirect("all-invocations")


def _name_of_running(account: str, region: str, request_id: uuid.UUID) -> str:
    """Of an event that waits, or of an invocation of which only lines have come."""
    queued = AsyncEvent.objects.filter(pk=request_id, account_id=account, region=region).light().first()
    if queued is not None:
        return queued.function_name
    group = LogGroup.objects.filter(account_id=account, region=region, chunks__request_id=request_id).first()
    if group is None:
        return ""
    name = group.name.removeprefix("/aws/lambda/")
    return name if Function.objects.filter(account_id=account, region=region, name=name).exists() else ""


def _wait_for(account: str, request_id: uuid.UUID) -> None:
    deadline = time.monotonic() + RECORD_SECONDS
    while not Invocation.objects.filter(request_id=request_id, account_id=account).exists():
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)


def _url(detail: Detail) -> str:
    url = reverse("invocation", args=[detail.name, detail.request_id])
    record = detail.record
    return url if record is None or record is detail.attempts[-1] else f"{url}?attempt={quote(str(record.attempt))}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
