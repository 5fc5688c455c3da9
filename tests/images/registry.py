"""A registry for tests: serves what an image layout holds, by the calls that a client of registries makes."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PATH = re.compile(r"/v2/([a-z/]+)/(manifests|blobs)/([\w.:-]+)")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    layout: Path
    closed: bool  # to everybody

    def do_GET(self) -> None:
        match = PATH.fullmatch(self.path)
        if self.closed:
            self._answer(401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}')
        elif self.path == "/v2/":
            self._answer(200, b"{}")
        elif match is None or (data := self._find(match[2], match[3])) is None:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}')
        else:
            kind = "application/octet-stream"
            if match[2] == "manifests":
                kind = json.loads(data)["mediaType"]
            self._answer(200, data, kind)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass

    def _find(self, kind: str, name: str) -> bytes | None:
        if kind == "manifests" and not name.startswith("sha256:"):
            listed = json.loads((self.layout / "index.json").read_text())["manifests"]
            tags = {next(iter(each["annotations"].values())): each["digest"] for each in listed}
            name = tags.get(name, "none")
        path = self.layout / "blobs/sha256" / name.removeprefix("sha256:")
        return path.read_bytes() if path.exists() else None

    def _answer(self, status: int, data: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextmanager
def serving(layout: Path, closed: bool = False) -> Iterator[str]:
    """`host:port` of a registry whose every repository holds the images of the layout."""
    handler = type("OfLayout", (Handler,), {"layout": layout, "closed": closed})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
