"""A deployment package as the editor changes it."""

import stat
from typing import Any, TypedDict

from console.pages import body
from functions.code import archive, store
from functions.errors import InvalidParameterValueException


class FileChange(TypedDict, total=False):
    """`path` in the new package, `origin` in the old one (None: a new file), `text` when the content changed."""

    path: str
    origin: str | None
    text: str


def edit(sha256: str, files: list[FileChange], removed: list[str]) -> bytes:
    """The zip with files written, renamed and removed; modes and everything else stay as they are."""
    old = {path: (mode, content) for path, mode, content in archive.contents(store.zip_path(sha256).read_bytes())}
    gone = set(removed) | {origin for change in files if (origin := change.get("origin"))}
    new = {path: entry for path, entry in old.items() if path not in gone}
    for change in files:
        origin = change.get("origin")
        mode, content = old.get(origin, (0, b"")) if origin else (0, b"")
        text = change.get("text")
        if text is not None:
            content = text.encode()
        if not mode or (text is not None and not stat.S_ISREG(mode)):
            mode = archive.new_mode(content)  # what stood behind a link is now a file of its own
        new[change["path"]] = (mode, content)
    if not new:
        raise InvalidParameterValueException("Uploaded file must be a non-empty zip", field="ZipFile")
    return archive.pack((path, mode, content) for path, (mode, content) in new.items())


def pack(files: dict[str, bytes]) -> bytes:
    return archive.pack((path, archive.new_mode(content), content) for path, content in files.items())


def read_changes(sent: dict[str, Any]) -> tuple[list[FileChange], list[str]]:
    """The changes of a deploy request. Raises `body.Malformed` for anything else than that."""
    files: list[FileChange] = []
    for each in body.items(sent["files"]):
        change: FileChange = {
            "path": body.path(each["path"]),
            "origin": each.get("origin") and body.path(each["origin"]),
        }
        if each.get("text") is not None:
            change["text"] = body.text(each["text"])
        files.append(change)
    return files, [body.path(path) for path in body.items(sent["removed"])]
