"""Stands in for a custom runtime until it is known which: waits for a function, then names the program to become.

Runs in the zygote's interpreter as pid 1 of a sandbox that is ready, and speaks the frames of `../python/bootstrap.py`
until the program starts: {"op": "ready"} out, {"op": "assign"} in, and {"op": "init", "error", "reason"} when there is
nothing to start. Imports only what the zygote has loaded (`../../sandbox/launcher.py` too): nothing else is in view.
"""

import errno
import json
import os
import socket

from launcher import HEAD, receive

PLACES = ["/var/task/bootstrap", "/opt/bootstrap"]  # in AWS's order
MACHINES = {"x86_64": 62, "aarch64": 183}  # of ELF headers


def serve(fd):
    """The program and its environment. The channel ends when it starts."""
    channel = socket.socket(fileno=fd)
    os.set_inheritable(fd, False)
    send(channel, {"op": "ready"})
    assignment = receive(channel)
    program = next((path for path in PLACES if os.path.lexists(path)), None)
    reason = obstacle(program) if program else "Couldn't find valid bootstrap(s): [%s]" % " ".join(PLACES)
    if reason:
        send(channel, {"op": "init", "error": "Runtime.InvalidEntrypoint", "reason": reason})
        channel.recv(1)  # until we are killed
        os._exit(1)
    channel.detach()
    os.chdir("/var/task")
    return [program], assignment["environment"]


def send(channel, head):
    text = json.dumps(head).encode()
    channel.sendall(HEAD.pack(len(text), 0) + text)


def obstacle(program):
    """Why the program cannot start, in the words of Go's runtime; empty when it can."""
    text = "fork/exec %s: " % program
    try:
        if os.path.isdir(program) or not os.access(program, os.X_OK):
            os.stat(program)
            return text + "permission denied"
        with open(program, "rb") as file:
            start = file.read(256)
    except OSError as error:
        return text + os.strerror(error.errno or errno.EIO).lower()
    if start[:4] == b"\x7fELF":
        machine = int.from_bytes(start[18:20], "little")
        return "" if machine == MACHINES.get(os.uname().machine, machine) else text + "exec format error"
    if start[:2] != b"#!":
        return text + "exec format error"
    words = start[2:].split(b"\n")[0].split()
    interpreter = words[0].decode("utf-8", "surrogateescape") if words else ""
    if not os.path.exists(interpreter):
        return text + "no such file or directory"
    return ""
