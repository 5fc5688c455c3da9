"""The machine's network."""

import contextlib
import errno
import socket
import struct

from calls import attempt

kept = []


def connect(addresses, ports):
    answers = {}
    for address in addresses:
        for port in ports:
            try:
                socket.create_connection((address, port), 1).close()
                answer = "connected"
            except OSError as error:
                answer = errno.errorcode.get(error.errno, str(error))
            answers[f"{address}:{port}"] = answer
    return answers


def send_datagrams(addresses):
    answers = {}
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            answers[address] = attempt(sender.sendto, b"x", (address, 53))
    return answers


def abstract(name):
    with socket.socket(socket.AF_UNIX) as client:
        return attempt(client.connect, name)


def interfaces():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 2):
        return [name for _, name in socket.if_nameindex()]


def bind(port):
    kept.append(socket.create_server(("127.0.0.1", port)))
    return "bound"


def change_addresses():
    """Add 10.0.0.1/8 to lo by netlink; the errno of the answer."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
        address = struct.pack("=HH4s", 8, 2, bytes([10, 0, 0, 1]))
        message = struct.pack("=BBBBI", socket.AF_INET, 8, 0, 0, 1) + address
        route.send(struct.pack("=IHHII", 16 + len(message), 20, 0x605, 1, 0) + message)  # RTM_NEWADDR
        return errno.errorcode[-struct.unpack_from("=i", route.recv(4096), 16)[0]]


def flood_connections(port, again=False):
    """Connections that say nothing, as many as descriptors allow. How many; or never an end of it."""
    count = 0
    while not count or again:
        with contextlib.suppress(OSError):
            while True:
                kept.append(socket.create_connection(("127.0.0.1", port), 1))
                count += 1
        if again:
            kept.clear()
    return count
