"""A machine in an internet of its own, for tests: nothing leaves this computer, and nothing need be out there.

    python -m tests.execution.internet FILE COMMAND...

Runs COMMAND in new network and mount namespaces, the machine; a second namespace is the internet, and has public
addresses, private ones, a metadata service, mail and a resolver. What a process of the machine reaches of it is written
to FILE first: that is what must be refused to functions though it is there.
"""

import http.server
import json
import os
import socket
import socketserver
import struct
import sys
import threading
import time
from pathlib import Path

from functions.execution.sandbox import syscalls as sc
from functions.execution.sandbox.network import netlink

GATEWAY = "11.0.0.2"
MACHINE = ("11.0.0.1", "203.0.113.7", "192.168.77.1")  # its own, two of them public
PUBLIC = "93.184.1.1"
RESOLVER = "10.9.9.9"
PRIVATE = (RESOLVER, "100.64.0.5", "169.254.169.254", "172.16.5.5", "192.168.77.2", "192.168.1.1", "198.18.0.9")
HTTP, MAIL, DNS, SERVICE = 80, 25, 53, 8080


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello " + self.client_address[0].encode())

    def log_message(self, *_: object) -> None:
        pass


class Names(socketserver.BaseRequestHandler):
    """Every name is PUBLIC."""

    def handle(self) -> None:
        data, channel = self.request
        question = data[12 : data.index(b"\0", 12) + 5]
        is_a = question[-4:-2] == b"\0\1"
        answer = data[:2] + struct.pack("!5H", 0x8180, 1, int(is_a), 0, 0) + question
        if is_a:
            answer += struct.pack("!3HIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(PUBLIC)
        channel.sendto(answer, self.client_address)


def serve(*servers: socketserver.BaseServer) -> None:
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()


def internet(ready: int, go: int) -> None:
    """The other namespace's process. Never returns."""
    parent = os.getppid()
    sc.unshare(sc.CLONE_NEWNET)
    os.write(ready, b"1")
    os.read(go, 1)
    channel = netlink.open_socket()
    netlink.request(channel, netlink.up(1), netlink.up(2), netlink.address(2, GATEWAY, 24))
    netlink.request(channel, *(netlink.address(1, each) for each in (PUBLIC, *PRIVATE)))
    serve(
        *(http.server.ThreadingHTTPServer(("0.0.0.0", port), Page) for port in (HTTP, MAIL)),
        socketserver.ThreadingUDPServer(("0.0.0.0", DNS), Names),
    )
    os.write(ready, b"1")
    outlive(parent)


def outlive(parent: int) -> None:
    """End with the parent. The kernel's signal would not do: who became an ordinary user may send us none."""
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(0)


def reaches(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 3).close()
    except OSError:
        return False
    return True


def main(file: Path, command: list[str]) -> None:
    sc.unshare(sc.CLONE_NEWNET | sc.CLONE_NEWNS)
    sc.mount("", "/", "", sc.MS_REC | sc.MS_PRIVATE)
    names = file.with_name("names")
    names.write_text(f"nameserver {RESOLVER}\n")
    sc.bind(str(names), os.path.realpath("/etc/resolv.conf"))
    ready_read, ready_write = os.pipe()
    go_read, go_write = os.pipe()
    other = os.fork()
    if other == 0:
        internet(ready_write, go_read)
    os.read(ready_read, 1)
    channel = netlink.open_socket()
    netlink.request(channel, netlink.up(1), netlink.veth("wan", 2, "wan", 2, other))
    os.write(go_write, b"1")
    os.read(ready_read, 1)
    first, *others = MACHINE
    netlink.request(channel, netlink.address(2, first, 24), *(netlink.address(2, each) for each in others))
    netlink.request(channel, netlink.route(2, "0.0.0.0", 0, GATEWAY))
    machine = os.getpid()
    service = os.fork()
    if service == 0:
        serve(http.server.ThreadingHTTPServer(("0.0.0.0", SERVICE), Page))
        os.write(ready_write, b"1")
        outlive(machine)
    os.read(ready_read, 1)
    targets = [(each, HTTP) for each in (PUBLIC, *PRIVATE)] + [(each, SERVICE) for each in MACHINE] + [(PUBLIC, MAIL)]
    file.write_text(json.dumps([[address, port] for address, port in targets if reaches(address, port)]))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
