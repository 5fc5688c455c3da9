"""Pid 1 of a function that is a container image: waits for the function, then starts its program and reaps.

Runs in the zygote's interpreter, in a sandbox whose root holds nothing; when the assignment comes, the image is the
root (`../../sandbox/image_root.py`). It has no shell to become, perhaps, nor anything else: so this process stays, and
its child becomes the program. Speaks the frames of `../python/bootstrap.py` until then: {"op": "ready"} out,
{"op": "assign", "command", "directory", "environment"} in, and {"op": "init", "error", "reason"} when the program
cannot start. Imports only what the zygote has loaded (`../../sandbox/launcher.py` too): nothing else is in view.
"""

import json
import os
import socket

from launcher import HEAD, receive

sc = reap = None  # the zygote's: see `sandbox/zygote.py`


def serve(fd):
    channel = socket.socket(fileno=fd)
    os.set_inheritable(fd, False)
    send(channel, {"op": "ready"})
    assignment = receive(channel)
    sc.prctl(sc.PR_SET_DUMPABLE, 0)  # the program has the same uid: keep it out of /proc/1
    pid = os.fork()
    if pid == 0:
        try:
            sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
            kind, reason = become(assignment)
            send(channel, {"op": "init", "error": kind, "reason": reason})
            channel.recv(1)  # until we are killed
        finally:
            os._exit(1)
    channel.detach()
    reap(pid)


def become(assignment):
    """Be the program. Answers why not, in AWS's words."""
    directory, command, environment = (assignment[name] for name in ("directory", "command", "environment"))
    try:
        os.chdir(directory)
    except OSError as error:
        return "Runtime.InvalidWorkingDir", "chdir %s: %s" % (directory, words(error))
    if not command or not command[0]:
        return "Runtime.InvalidEntrypoint", "the image has no entry point and no command"
    places = [command[0]]
    if "/" not in command[0]:
        places = ["%s/%s" % (each, command[0]) for each in environment.get("PATH", "").split(":") if each]
        places = [each for each in places if os.path.isfile(each) and os.access(each, os.X_OK)]
        if not places:
            return "Runtime.InvalidEntrypoint", 'exec: "%s": executable file not found in $PATH' % command[0]
    try:
        os.execve(places[0], command, environment)
    except OSError as error:
        return "Runtime.InvalidEntrypoint", "fork/exec %s: %s" % (places[0], words(error))


def words(error):
    return os.strerror(error.errno).lower()


def send(channel, head):
    text = json.dumps(head).encode()
    channel.sendall(HEAD.pack(len(text), 0) + text)
