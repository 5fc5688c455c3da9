"""Code and test on one screen: the page, reading a file, deploying."""

from collections.abc import Callable
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.pages import access, body, difference, function_head, image, package, testing
from console.pages.operations import call
from console.templatetags.hearth import size
from functions.code import store
from functions.errors import ServiceError
from functions.limits import limits
from functions.models import Function, FunctionVersion

# Where a family keeps its handler: app.handler is app.py, index.handler is index.mjs or index.js.
SUFFIXES = {"python": (".py",), "nodejs": (".mjs", ".js", ".cjs"), "ruby": (".rb",)}


@access.page
@never_cache
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    head = function_head.load(request, name, "code")
    if head.version.image:
        return image.show(request, head)
    files = store.list_files(head.version.package_id)
    wanted = request.GET.get("file", "")
    line = request.GET.get("line", "")
    paths = [entry.path for entry in files]
    shared = testing.data(request, head)
    data = {
        **shared,
        "files": [_file(entry) for entry in files],
        "revision_id": str(head.version.revision_id),
        "read_only": not (head.is_latest and access.may_change(request)),
        "open": wanted if wanted in paths else handler_file(head.version, paths),
        "line": int(line) if line.isdigit() else 0,
        "urls": {
            **shared["urls"],
            "file": reverse("code-file", args=[name]),
            "deploy": reverse("deploy", args=[name]),
            "changes": reverse("code-changes", args=[name]),
            "upload": reverse("upload", args=[name]),
            "state": reverse("code-state", args=[name]),
        },
    }
    return render(request, "function/code.html", {"head": head, "section": "functions", "data": data})


@access.page
@never_cache
@require_safe
def read_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """One file: its text as JSON, or with `download` the bytes as an attachment."""
    head = _packaged(function_head.load(request, name, "code"))
    path = request.GET.get("path", "")
    try:
        content = store.read_file(head.version.package_id, path)
    except FileNotFoundError:
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
    head = _packaged(function_head.load(request, name, "code"))
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
    latest = _latest(function)
    try:
        sent = body.read(request)
        files, removed = package.read_changes(sent)
        revision_id = body.text(sent["revision_id"])
    except body.Malformed as error:
        return problem(body.complaint(error), 400)
    return _deploy(request, latest, revision_id, lambda: package.edit(latest.package_id, files, removed))


@access.page
@require_POST
def upload(request: HttpRequest, name: str) -> HttpResponse:
    """A whole package in place of the one in `$LATEST`: a form with `zip` and `revision_id`."""
    function = function_head.find(request, name)
    latest = _latest(function)
    sent = request.FILES.get("zip")
    if sent is None:
        return problem("No file was sent.", 400)
    if sent.size is not None and sent.size > limits().zipped_bytes:
        return problem(f"A package has at most {size(limits().zipped_bytes)}; this one has {size(sent.size)}.", 400)
    return _deploy(request, latest, request.POST.get("revision_id", ""), sent.read)


@access.page
@never_cache
@require_POST
def changes(request: HttpRequest, name: str) -> HttpResponse:
    """What the editor's changes would change of what is deployed now: a part of the code page."""
    latest = _latest(function_head.find(request, name))
    try:
        files, removed = package.read_changes(body.read(request))
    except body.Malformed as error:
        return problem(body.complaint(error), 400)
    found = [_change(latest.package_id, change) for change in files]
    found += [difference.FileChange(path, difference.REMOVED, note="Deleted.") for path in removed]
    return render(request, "function/changes.html", {"files": found})


def _change(sha256: str, change: package.FileChange) -> difference.FileChange:
    """One changed file against what is deployed under the same path, or under the one it had."""
    path, origin, text = change["path"], change.get("origin"), change.get("text")
    moved = bool(origin and origin != path)
    if text is None:
        return difference.FileChange(path, "renamed", note=f"Renamed from {origin}.")
    before = difference.lines_of(sha256, origin or path) if origin else []
    after = text.splitlines()
    if before is None:
        return difference.FileChange(
            path, "changed", note="What is deployed has no such file any more, or it is no text."
        )
    if max(len(before), len(after)) > difference.MOST_LINES:
        return difference.FileChange(path, "changed", note="Too long to be compared here.")
    rows = list(difference.rows_between(before, after))
    kind = "changed" if origin else difference.ADDED
    return difference.FileChange(path, "renamed" if moved else kind, rows, "" if rows else "No line differs.")


def _deploy(
    request: HttpRequest, latest: FunctionVersion, revision_id: str, package_of: Callable[[], bytes]
) -> HttpResponse:
    function = latest.function
    if revision_id != str(latest.revision_id):
        by = f" by {latest.modified_by}" if latest.modified_by else ""
        at = latest.last_modified.strftime("%H:%M:%S UTC")
        return problem(f"$LATEST was changed{by} at {at}, after you opened it. Nothing of yours was deployed.", 412)
    try:
        call(
            access.caller(request),
            "UpdateFunctionCode",
            FunctionName=function.name,
            ZipFile=package_of(),
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


def _packaged(head: function_head.Head) -> function_head.Head:
    if head.version.image:
        raise Http404(f"{head.function.name} is a container image: it has no package.")
    return head


def _latest(function: Function) -> FunctionVersion:
    latest = function.versions.select_related("package").get(number=0)
    if latest.image:
        raise Http404(f"{function.name} is a container image: it has no package.")
    return latest


def handler_file(version: FunctionVersion, paths: list[str]) -> str:
    """The file that holds the handler, else the first one."""
    if version.runtime.startswith("provided") and "bootstrap" in paths:
        return "bootstrap"
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
