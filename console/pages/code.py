"""Code and test on one screen: the page, reading a file, deploying."""

import json
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, function_head, package
from console.pages.operations import call
from console.templatetags.hearth import size
from functions.code import store
from functions.errors import ServiceError
from functions.models import FunctionVersion

SAMPLE_EVENT = '{\n  "name": "Hearth"\n}\n'
# Where a family keeps its handler: app.handler is app.py, index.handler is index.mjs or index.js.
SUFFIXES = {"python": (".py",), "nodejs": (".mjs", ".js", ".cjs"), "ruby": (".rb",)}


@access.page
@never_cache
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "code")
    files = store.list_files(head.version.package_id)
    events = list(head.function.test_events.all())
    wanted = request.GET.get("file", "")
    line = request.GET.get("line", "")
    paths = [entry.path for entry in files]
    may_change = access.may_change(request)
    data = {
        "files": [_file(entry) for entry in files],
        "revision_id": str(head.version.revision_id),
        "read_only": not (head.is_latest and may_change),
        "may_change": may_change,
        "qualifier": head.qualifier,
        "open": wanted if wanted in paths else handler_file(head.version, paths),
        "line": int(line) if line.isdigit() else 0,
        "events": [_event(event.name, event.payload, event.is_shared) for event in events],
        "sample_event": SAMPLE_EVENT,
        "urls": {
            "file": reverse("code-file", args=[name]),
            "deploy": reverse("deploy", args=[name]),
            "state": reverse("code-state", args=[name]),
            "test": reverse("test", args=[name]),
            "events": reverse("test-events", args=[name]),
            "icons": static("icons.svg"),
        },
    }
    return render(request, "function/code.html", {"head": head, "section": "functions", "data": data})


@access.page
@never_cache
@require_safe
def read_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """One file: its text as JSON, or with `download` the bytes as an attachment."""
    head = function_head.load(request, name, "code")
    path = request.GET.get("path", "")
    try:
        content = store.read_file(head.version.package_id, path)
    except (FileNotFoundError, ValueError):  # a NUL in the path
        raise Http404(f"There is no file {path} in this package.") from None
    if "download" in request.GET:
        return attachment(content, path.rpartition("/")[2], "application/octet-stream")
    if len(content) > store.EDITABLE:
        return problem(f"{path} is larger than {size(store.EDITABLE)} and cannot be edited here.", 415)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return problem(f"{path} is not text and cannot be edited here.", 415)
    return JsonResponse({"text": text})


@access.page
@require_safe
def download(request: HttpRequest, name: str) -> HttpResponseBase:
    """The whole package, as it came."""
    head = function_head.load(request, name, "code")
    label = "latest" if head.version.number == 0 else head.version.label
    return FileResponse(
        store.zip_path(head.version.package_id).open("rb"),
        as_attachment=True,
        filename=f"{name}-{label}.zip",
        content_type="application/zip",
    )


@access.page
@never_cache
@require_safe
def state(request: HttpRequest, name: str) -> HttpResponse:
    latest = function_head.find(request, name).versions.get(number=0)
    return JsonResponse({"revision_id": str(latest.revision_id)})


@access.page
@require_POST
def deploy(request: HttpRequest, name: str) -> HttpResponse:
    """Put changed files into `$LATEST`, unless somebody else was faster: 412 with who it was."""
    function = function_head.find(request, name)
    latest = function.versions.select_related("package").get(number=0)
    try:
        body: dict[str, Any] = json.loads(request.body)
        files, removed = package.read_changes(body)
        revision_id = str(body["revision_id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return problem("The request is not one that the editor sends.", 400)
    if revision_id != str(latest.revision_id):
        by = f" by {latest.modified_by}" if latest.modified_by else ""
        at = latest.last_modified.strftime("%H:%M:%S UTC")
        return problem(f"$LATEST was changed{by} at {at}, after you opened it. Nothing of yours was deployed.", 412)
    try:
        call(
            access.caller(request),
            "UpdateFunctionCode",
            FunctionName=name,
            ZipFile=package.edit(latest.package_id, files, removed),
            RevisionId=revision_id,
        )
    except ServiceError as error:
        return problem(error.message or error.code, error.status_code if error.status_code == 412 else 400)
    latest = function.versions.select_related("package").get(number=0)
    return JsonResponse(
        {
            "revision_id": str(latest.revision_id),
            "files": [_file(entry) for entry in store.list_files(latest.package_id)],
            "size_text": size(latest.package.size),
            "deployed_at": timezone.now().isoformat(),
        }
    )


def handler_file(version: FunctionVersion, paths: list[str]) -> str:
    """The file that holds the handler, else the first one."""
    module = version.handler.rpartition(".")[0].replace("::", "/")
    for suffixes in SUFFIXES.values():
        for suffix in suffixes:
            if module + suffix in paths:
                return module + suffix
            if module.replace(".", "/") + suffix in paths:
                return module.replace(".", "/") + suffix
    return next(iter(paths), "")


def problem(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)


def attachment(content: bytes, filename: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    safe = "".join(char if char.isalnum() or char in "._-" else "_" for char in filename) or "file"
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response


def _file(entry: store.FileEntry) -> dict[str, Any]:
    return {"path": entry.path, "size": entry.size}


def _event(name: str, payload: str, shared: bool) -> dict[str, Any]:
    return {"name": name, "payload": payload, "shared": shared}
