"""The limits in force, AWS's own beside them, and where each value comes from."""

from dataclasses import asdict, dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.pages import access, parts
from console.pages.admin import layout
from console.pages.operations import call
from console.templatetags.hearth import percent, size
from functions.limits import DEFAULTS, limits
from monitoring.models import LogGroup

# How a person says it, and the unit.
MEANINGS = {
    "zipped_bytes": ("Package, zipped", "bytes"),
    "unzipped_bytes": ("Package and layers, unzipped", "bytes"),
    "image_bytes": ("Container image, unpacked", "bytes"),
    "image_files": ("Entries of a container image", ""),
    "storage_bytes": ("All packages of the account", "bytes"),
    "environment_bytes": ("Environment variables of a function", "bytes"),
    "layers": ("Layers of a function", ""),
    "name_length": ("Length of a function's name", ""),
    "tags": ("Tags on a function", ""),
    "capacity_providers": ("Capacity providers", ""),
    "memory_mb": ("Memory, at most", "MB"),
    "least_memory_mb": ("Memory, at least", "MB"),
    "timeout_seconds": ("Timeout, at most", "s"),
    "ephemeral_mb": ("Ephemeral storage, at most", "MB"),
    "payload_bytes": ("Event of a synchronous invocation", "bytes"),
    "async_payload_bytes": ("Event of an asynchronous invocation", "bytes"),
    "stream_bytes": ("Streamed response", "bytes"),
    "requests_per_concurrency": ("Invocations begun in a second, by concurrency", ""),
    "control_requests_per_second": ("API calls in a second, but for the next two", "calls"),
    "get_function_requests_per_second": ("Calls of GetFunction in a second", "calls"),
    "get_policy_requests_per_second": ("Calls of GetPolicy in a second", "calls"),
    "recursive_turns": ("Turns of a function in a chain of calls", ""),
    "policy_bytes": ("Resource-based policy", "bytes"),
    "filters": ("Filters of an event source mapping", ""),
    "page_items": ("Items in an answer of a list operation", ""),
    "package_files": ("Files in a package", ""),
    "unreserved_share": ("Share of the concurrency that stays unreserved", "share"),
}
# Sizes of this installation: setting, what it is, unit, default.
SIZES = (
    ("HEARTH_WEB_WORKERS", "Processes of the web server", "", 2),
    ("HEARTH_WEB_THREADS", "Threads in each", "", 128),
    ("HEARTH_ASYNC_THREADS", "Asynchronous invocations at once, per worker", "", 16),
    ("HEARTH_POOL_SIZE", "Sandboxes kept ready per runtime", "", 4),
    ("HEARTH_IDLE_SECONDS", "Life of an idle environment", "s", 600),
    ("HEARTH_NODE_ENVIRONMENTS", "Environments of a worker node, at most", "", 1000),
    ("HEARTH_RETENTION_DAYS", "Log lines and invocations are kept", "days", 30),
)
GROUPS = 100  # log groups with a retention of their own that are listed


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    name: str
    unit: str
    value: float
    default: float
    setting: str

    @property
    def text(self) -> str:
        return self._text(self.value)

    @property
    def default_text(self) -> str:
        return self._text(self.default)

    def _text(self, value: float) -> str:
        if self.unit == "bytes":
            return f"{value / 1024**3:,.0f} GB" if value >= 1024**3 else size(value)
        if self.unit == "calls":
            return f"{value:,}" if value else "No limit"
        return percent(value) if self.unit == "share" else f"{value:,} {self.unit}".rstrip()

    @property
    def is_changed(self) -> bool:
        return self.value != self.default


@access.needs("hearth:ListLimits")
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    rows = [Row("Invocations at once", "concurrency", "", settings.HEARTH_CONCURRENCY, 1000, "HEARTH_CONCURRENCY")]
    for name, value in asdict(limits()).items():
        label, unit = MEANINGS.get(name, (name, ""))
        rows.append(Row(label, name, unit, value, DEFAULTS[name], "HEARTH_LIMITS"))
    sizes = [Row(label, name, unit, getattr(settings, name), default, name) for name, label, unit, default in SIZES]
    used = call(access.caller(request), "GetAccountSettings")
    room = Row("", "", "bytes", used["AccountLimit"]["TotalCodeSize"], 0, "")
    caller = access.caller(request)
    limit = used["AccountLimit"]
    groups = LogGroup.objects.filter(account_id=caller.account_id, region=caller.region, retention_days__isnull=False)
    context = {
        "rows": rows,
        "sizes": sizes,
        "used": used,
        "room": room,
        "running": parts.probe.ask().concurrency(f"{caller.account_id}:{caller.region}"),
        "reserved": limit["ConcurrentExecutions"] - limit["UnreservedConcurrentExecutions"],
        "groups": groups.order_by("name")[:GROUPS],
        "retention": settings.HEARTH_RETENTION_DAYS,
    }
    return layout.show(request, "limits", context)
