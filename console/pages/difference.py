"""What changed between two versions of a function: configuration and code."""

import difflib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.pages import access, function_head
from functions.code import store
from functions.models import FunctionVersion

CONTEXT = 3  # unchanged lines around a change
LONGEST = 256 * 1024  # bytes of a file that is compared line by line
MOST_LINES = 6_000  # of one file
MOST_FILES = 60  # that are shown; the rest is only counted
REMOVED, ADDED = "removed", "added"


@dataclass(frozen=True)
class Setting:
    """A member of the configuration that differs. `before` and `after` are empty when it was not there."""

    name: str
    before: str
    after: str
    is_secret: bool = False  # shown on demand only


@dataclass(frozen=True)
class Row:
    """A line: its numbers in both files (0: not there), and what happened to it: "", removed, added or gap."""

    old: int
    new: int
    kind: str
    text: str


@dataclass(frozen=True)
class FileChange:
    """`note` says why there are no rows: binary, too large, only the mode."""

    path: str
    kind: str  # added, removed, changed
    rows: list[Row] = field(default_factory=list)
    note: str = ""

    @property
    def added(self) -> int:
        return sum(row.kind == ADDED for row in self.rows)

    @property
    def removed(self) -> int:
        return sum(row.kind == REMOVED for row in self.rows)


@access.page
@require_safe
def choose(request: HttpRequest, name: str) -> HttpResponse:
    """The form that compares two versions leads to their page."""
    head = function_head.load(request, name, "versions")
    before, after = (request.GET.get(side, "") for side in "ab")
    for label in (before, after):
        _version(head, label)
    return redirect("difference", name, before, after)


@access.page
@require_safe
def show(request: HttpRequest, name: str, before: str, after: str) -> HttpResponse:
    """`before` and `after` are versions or aliases."""
    head = function_head.load(request, name, "versions")
    old, new = _version(head, before), _version(head, after)
    files = changes(old.package_id, new.package_id)
    context = {
        "head": head,
        "section": "functions",
        "old": old,
        "new": new,
        "settings": settings_between(old, new),
        "files": files[:MOST_FILES],
        "more": max(0, len(files) - MOST_FILES),
        "added": sum(each.added for each in files),
        "removed": sum(each.removed for each in files),
        "labels": [version.label for version in (head.latest, *head.versions)],
    }
    return render(request, "function/difference.html", context)


def settings_between(old: FunctionVersion, new: FunctionVersion) -> list[Setting]:
    """The members of the configuration that differ; environment variables one by one."""
    before, after = _members(old), _members(new)
    found = [
        Setting(name, _text(before.get(name)), _text(after.get(name)))
        for name in (*before, *(name for name in after if name not in before))
        if before.get(name) != after.get(name)
    ]
    for name in sorted(old.environment.keys() | new.environment.keys()):
        pair = old.environment.get(name), new.environment.get(name)
        if pair[0] != pair[1]:
            found.append(Setting(f"Environment: {name}", pair[0] or "", pair[1] or "", is_secret=True))
    return found


def changes(old: str, new: str) -> list[FileChange]:
    """The files that differ between two packages, by their SHA-256. What is the same is found without reading it."""
    if old == new or not (store.zip_path(old).exists() and store.zip_path(new).exists()):
        return []  # the same, or container images, of which the settings tell
    before, after = _entries(old), _entries(new)
    found: list[FileChange] = []
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            shown = len(found) < MOST_FILES
            found.append(_change(old, new, path, path in before, path in after, shown=shown))
    return found


def _change(old: str, new: str, path: str, was: bool, is_now: bool, *, shown: bool) -> FileChange:
    kind = "changed" if was and is_now else ADDED if is_now else REMOVED
    if not shown:
        return FileChange(path, kind)
    before, after = (lines_of(sha, path) if there else [] for sha, there in ((old, was), (new, is_now)))
    if before is None or after is None:
        return FileChange(path, kind, note="Not text.")
    if max(len(before), len(after)) > MOST_LINES:
        return FileChange(path, kind, note=f"More than {MOST_LINES:,} lines, or {LONGEST // 1024} KB: not shown.")
    rows = list(rows_between(before, after))
    return FileChange(path, kind, rows, "" if rows else "The same text: only its mode or its end changed.")


def rows_between(before: list[str], after: list[str]) -> Iterator[Row]:
    """The lines that changed, each group with a few around it."""
    matcher = difflib.SequenceMatcher(None, before, after)
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT)):
        if number or group[0][1]:
            yield Row(0, 0, "gap", f"line {group[0][3] + 1}")
        for tag, first, last, start, end in group:
            if tag == "equal":
                for at in range(last - first):
                    yield Row(first + at + 1, start + at + 1, "", before[first + at])
                continue
            for at in range(first, last):
                yield Row(at + 1, 0, REMOVED, before[at])
            for at in range(start, end):
                yield Row(0, at + 1, ADDED, after[at])


def lines_of(sha256: str, path: str) -> list[str] | None:
    """None when it is no text. More than MOST_LINES when it is too large."""
    try:
        content = store.read_file(sha256, path)
    except FileNotFoundError:
        return None
    if len(content) > LONGEST:
        return [""] * (MOST_LINES + 1)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.splitlines()


def _entries(sha256: str) -> dict[str, tuple[int, int, int]]:
    """Checksum, size and mode of each file."""
    with zipfile.ZipFile(store.zip_path(sha256)) as archive:
        return {
            info.filename: (info.CRC, info.file_size, info.external_attr >> 16)
            for info in archive.infolist()
            if not info.is_dir()
        }


def _members(version: FunctionVersion) -> dict[str, Any]:
    return {
        "Description": version.description,
        "Runtime": version.runtime,
        "Handler": version.handler,
        "Role": version.role,
        "Memory": f"{version.memory_size} MB",
        "Timeout": f"{version.timeout} s",
        "Ephemeral storage": f"{version.ephemeral_storage} MB",
        "Architectures": version.architectures,
        "Layers": [layer["Arn"] for layer in version.layers] or None,
        "Image": version.image["resolved"] if version.image else None,
        **{name: value for name, value in version.extras.items() if name != "Environment"},
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _version(head: function_head.Head, qualifier: str) -> FunctionVersion:
    alias = next((alias for alias in head.aliases if alias.name == qualifier), None)
    label = alias.version if alias else qualifier
    found = next((version for version in (head.latest, *head.versions) if version.label == label), None)
    if found is None:
        raise Http404(f"{head.function.name} has no version or alias {qualifier}.")
    return found
