"""The machine's files, and those of other functions."""

import contextlib
import os
import shutil
import stat
import subprocess
import sys

from calls import attempt


def exist(paths):
    return {path: os.path.exists(path) for path in paths}


def read(paths):
    """The beginnings of those that can be read."""
    found = {}
    for path in paths:
        try:
            with open(path, "rb") as file:
                found[path] = file.read(4096).decode("latin-1")
        except OSError:
            pass
    return found


def search(needle):
    """Files that hold `needle`, wherever one may look."""
    found = []
    for directory, _, files in os.walk("/", onerror=lambda error: None):
        if directory.startswith(("/proc", "/usr", "/var/lang", "/lib")):
            continue
        for name in files:
            path = os.path.join(directory, name)
            if attempt(open, path) == "allowed" and os.path.isfile(path):
                with open(path, "rb") as file:
                    if needle.encode() in file.read(1 << 20):
                        found.append(path)
    return found


def follow_links(targets):
    """What a link in /tmp, and `..` beyond the root, make readable of `targets`."""
    found = []
    for number, target in enumerate(targets):
        link = f"/tmp/link-{number}"
        os.symlink(target, link)
        roots = ("", "/proc/self/root", "/proc/self/cwd/../../../../..", "/tmp/../../../../../..", "/proc/1/root")
        for path in [link, *(root + target for root in roots)]:
            try:
                with open(path, "rb") as file:
                    found.append([path, file.read(64).decode("latin-1")])
            except OSError:
                pass
    return found


def write(directories):
    answers = {}
    for directory in directories:
        answers[directory] = attempt(open, directory + "/intruder", "w")
    return answers


def change_in_place():
    paths = ["/var/task/app.py", os.path.realpath(sys.executable), "/etc/passwd", "/var/runtime/bootstrap.py"]
    return {
        path: [attempt(open, path, "r+"), attempt(os.chmod, path, 0o777), attempt(os.unlink, path)] for path in paths
    }


def mark_scratch():
    """What others left in the writable places; leaves a mark there."""
    before = os.listdir("/tmp") + os.listdir("/dev/shm")
    for directory in ("/tmp", "/dev/shm"):
        with open(directory + "/mark", "w") as file:
            file.write("x")
    return before


def tune_the_kernel():
    """Settings of the kernel that decide what happens outside."""
    names = ["kernel/core_pattern", "kernel/modprobe", "vm/overcommit_memory", "kernel/ns_last_pid", "fs/file-max"]
    paths = ["/proc/sys/" + name for name in names]
    paths += ["/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/timens_offsets", "/proc/sysrq-trigger"]
    answers = {}
    for path in paths:
        if os.path.exists(path):
            with open(path, "rb") as file:
                content = file.read() or b"1"
            answers[path] = attempt(overwrite, path, content)
    answers["oom"] = attempt(overwrite, "/proc/self/oom_score_adj", b"-999")
    return answers


def overwrite(path, content):
    with open(path, "wb", buffering=0) as file:
        file.write(content)


def become_by_setuid(programs):
    """Who the machine's setuid programs, and a setuid copy of our own, make us."""
    copy = "/tmp/id"
    shutil.copy("/usr/bin/id", copy)
    os.chmod(copy, 0o4755)

    def said(*command):
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()

    there = [path for path in programs if os.path.exists(path)]
    return [said("/usr/bin/id", "-u"), said(copy, "-u"), *(said(program, "root", "-c", "id -u") for program in there)]


def descriptors():
    """What each open descriptor is."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found[name] = os.readlink("/proc/self/fd/" + name).split(":")[0]
    return found


def mounts():
    with open("/proc/self/mountinfo") as file:
        return file.read().splitlines()


def devices():
    return {
        name: stat.S_ISCHR(os.stat("/dev/" + name).st_mode) or os.path.isdir("/dev/" + name)
        for name in os.listdir("/dev")
    }


def make_device():
    return attempt(os.mknod, "/tmp/sda", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
