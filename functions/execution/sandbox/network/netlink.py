"""The few messages of rtnetlink(7) that it takes to connect two network namespaces."""

import ipaddress
import os
import socket
import struct

NEWLINK, NEWADDR, GETADDR, NEWROUTE = 16, 20, 22, 24
ERROR, DONE = 2, 3
REQUEST, ACK, DUMP, REPLACE, EXCL, CREATE = 0x1, 0x4, 0x300, 0x100, 0x200, 0x400
IFF_UP = 1
HEADER, LINK, ADDRESS, ROUTE = struct.Struct("=IHHII"), struct.Struct("=BxHiII"), struct.Struct("=BBBBi"), "=8BI"
MAIN_TABLE, STATIC, LINK_SCOPE, UNICAST, ONLINK = 254, 4, 253, 1, 4
ADDRESSES = 0x10 | 0x100  # groups that hear of new and removed addresses, IPv4 and IPv6


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


def message(kind: int, flags: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, REQUEST | flags, 0, 0) + body


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def veth(name: str, index: int, peer_name: str, peer_index: int, peer_pid: int) -> bytes:
    """Two ends of a cable: one here, up, the other in the namespace of a process, down."""
    peer = LINK.pack(socket.AF_UNSPEC, 0, peer_index, 0, 0)
    peer += attribute(3, peer_name.encode() + b"\0") + attribute(19, struct.pack("=I", peer_pid))
    kind = attribute(1, b"veth") + attribute(2, attribute(1, peer))
    here = LINK.pack(socket.AF_UNSPEC, 0, index, IFF_UP, IFF_UP)
    return message(NEWLINK, ACK | CREATE | EXCL, here + attribute(3, name.encode() + b"\0") + attribute(18, kind))


def up(index: int) -> bytes:
    return message(NEWLINK, ACK, LINK.pack(socket.AF_UNSPEC, 0, index, IFF_UP, IFF_UP))


def address(index: int, address: str, bits: int = 32) -> bytes:
    value = packed(address)
    body = ADDRESS.pack(socket.AF_INET, bits, 0, 0, index) + attribute(1, value) + attribute(2, value)
    return message(NEWADDR, ACK | CREATE | REPLACE, body)


def route(index: int, destination: str, bits: int = 32, via: str = "") -> bytes:
    """To a network, through a device: by a gateway that is at its other end, or direct."""
    scope = 0 if via else LINK_SCOPE
    body = struct.pack(ROUTE, socket.AF_INET, bits, 0, 0, MAIN_TABLE, STATIC, scope, UNICAST, ONLINK if via else 0)
    body += attribute(4, struct.pack("=i", index))
    if bits:
        body += attribute(1, packed(destination))
    if via:
        body += attribute(5, packed(via))
    return message(NEWROUTE, ACK | CREATE | REPLACE, body)


def open_socket(groups: int = 0) -> socket.socket:
    """A socket of the namespace that the thread is in now; it stays there."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    made.bind((0, groups))
    return made


def request(channel: socket.socket, *messages: bytes) -> None:
    """Send them at once; OSError for the first that the kernel refuses."""
    channel.send(b"".join(messages))
    refused, left = 0, len(messages)
    while left:
        for kind, body in parts(channel.recv(65536)):
            if kind == ERROR:
                left -= 1
                refused = refused or -struct.unpack_from("=i", body)[0]
    if refused:
        raise OSError(refused, os.strerror(refused))


def addresses(channel: socket.socket) -> set[str]:
    """Every address of the channel's namespace."""
    channel.send(message(GETADDR, DUMP, ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)))
    found: set[str] = set()
    while True:
        for kind, body in parts(channel.recv(65536)):
            if kind == DONE:
                return found
            if kind == NEWADDR:
                found |= {str(ipaddress.ip_address(v)) for k, v in attributes(body[ADDRESS.size :]) if k in (1, 2)}


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """Kind and body of each message."""
    found, at = [], 0
    while at + HEADER.size <= len(data):
        length, kind, *_ = HEADER.unpack_from(data, at)
        found.append((kind, data[at + HEADER.size : at + length]))
        at += max(HEADER.size, (length + 3) & ~3)
    return found


def attributes(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        found.append((kind, data[at + 4 : at + length]))
        at += max(4, (length + 3) & ~3)
    return found
