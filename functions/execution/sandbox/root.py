"""Start of a zygote: build the root that sandboxes see, stand in it, become the zygote.

The first message on the channel is a JSON object:

    interpreter   directory to show at /var/lang (pyenv's, nvm's, /usr, ...); absent for custom runtimes
    as_it_is      directory to show at its own path as well; absent for interpreters that run from anywhere
    runtime       directory of the bootstrap, shown at /var/runtime; absent where the function brings it
    javac         the compiler that makes it first, and is_modern, whether it is of Java 9 or newer; else absent
    bare          nothing of the machine is shown: functions bring all (image_root.py); absent otherwise
    packages      what to show beside it, by name; may be absent
    python        path under /var/lang of the interpreter to become; absent for runtimes that are executed
    zygote        the message for `zygote.main`

Everything is bound read-only by path into this process's own mount namespace, so directories below a closed one
(/root) work. Files of the machine that say who it is are replaced by generated ones.
"""

import contextlib
import json
import locale
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from functions.execution.sandbox import syscalls as sc

NEW = "/sys"  # a place to build on: covered in our own namespace, and nothing that we show lies below it
DIRECTORIES = [
    "dev", "dev/shm", "etc", "home", "opt", "proc", "run", "tmp", "usr", "var", "var/lang", "var/runtime", "var/task",
    "var/tmp", ".zygote", ".old",
]  # fmt: skip
DEVICES = ["null", "zero", "full", "random", "urandom"]
FROM_MACHINE = [
    "ssl/certs", "ssl/openssl.cnf", "ca-certificates", "ld.so.cache", "ld.so.conf", "alternatives", "fonts",
    "mime.types", "services", "protocols",
]  # fmt: skip
GENERATED = {
    "passwd": "root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n",
    "group": "root:x:0:\nsbx_user1051:x:990:\n",
    "hosts": "127.0.0.1 localhost\n127.0.0.1 sandbox.localdomain sandbox\n",
    "resolv.conf": "",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "hostname": "169.254.100.6\n",
    "os-release": 'NAME="Amazon Linux compatible (Hearth)"\nID="hearth"\nPRETTY_NAME="Hearth execution environment"\n',
}
LOCALES = [Path("/usr/lib/locale", name) for name in ("C.utf8", "C.UTF-8")]


def build(interpreter: str | None, runtime: str | None, as_it_is: str, packages: Mapping[str, str]) -> None:
    """Make the root at NEW. Leaves it writable: the zygote closes it."""
    sc.mount("tmpfs", NEW, "tmpfs", sc.MS_NOSUID, "mode=0755,size=16m")
    for name in DIRECTORIES:
        os.mkdir(f"{NEW}/{name}", 0o755)
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        source = Path("/", name)
        if source.is_symlink():
            os.symlink(os.readlink(source), f"{NEW}/{name}")
        elif source.is_dir():
            show(str(source), f"{NEW}/{name}")
    show("/usr", f"{NEW}/usr")
    show_locale()
    if interpreter is not None:
        show(interpreter, f"{NEW}/var/lang")
    if runtime is not None:
        furnish(runtime, packages)
    if as_it_is:
        os.makedirs(f"{NEW}{as_it_is}", exist_ok=True)
        show(as_it_is, f"{NEW}{as_it_is}")
    devices()
    # Debian's Java has its configuration there.
    for name in [*FROM_MACHINE, *(path.name for path in Path("/etc").glob("java-*-openjdk"))]:
        machine, shown = Path("/etc", name), Path(NEW, "etc", name)
        if machine.exists():
            shown.parent.mkdir(parents=True, exist_ok=True)
            shown.mkdir() if machine.is_dir() else touch(str(shown))
            show(str(machine), str(shown))
    for name, content in GENERATED.items():
        Path(NEW, "etc", name).write_text(content)
    sources()


def devices() -> None:
    for name in DEVICES:
        touch(f"{NEW}/dev/{name}")
        sc.bind(f"/dev/{name}", f"{NEW}/dev/{name}", sc.MS_NOSUID)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"{NEW}/dev/{name}")


def sources() -> None:
    """The zygote's own."""
    here = Path(__file__).parent
    for name in ("syscalls.py", "enter.py", "zygote.py"):
        Path(NEW, ".zygote", name).write_bytes((here / name).read_bytes())


def show_locale() -> None:
    """The locale that LANG names on AWS. Where the machine has none of that name its C.UTF-8 stands in: else Java, Ruby
    and the programs that functions start take all text for ASCII."""
    plain = next((path for path in LOCALES if path.is_dir()), None)
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "en_US.UTF-8")
        return
    if plain is None:
        return
    place = f"{NEW}/.old"  # until `enter` needs it
    sc.mount("tmpfs", place, "tmpfs", sc.MS_NOSUID, "mode=0755,size=2m")
    shutil.copytree(plain, f"{place}/{plain.name}", copy_function=shutil.copyfile)
    os.symlink(plain.name, f"{place}/en_US.utf8")
    show(place, f"{NEW}/usr/lib/locale")
    sc.unmount(place)


def furnish(runtime: str, packages: Mapping[str, str]) -> None:
    """At /var/runtime the bootstrap's files and, beside them, packages of the machine, by the names they have there.

    The files are copied: the list of mounts would tell where on the machine Hearth lies.
    """
    shutil.copytree(runtime, f"{NEW}/var/runtime", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name, path in packages.items():
        shown = Path(f"{NEW}/var/runtime", name)
        shown.mkdir() if os.path.isdir(path) else touch(str(shown))
        show(path, str(shown))


def show(source: str, target: str) -> None:
    tree = sc.open_tree(os.path.realpath(source))
    sc.move_mount(tree, target)
    os.close(tree)


def touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o444))


def enter() -> None:
    """Make NEW the root and forget the machine's. A proc of our own: clones need an unmasked one to mount theirs."""
    sc.mount("proc", f"{NEW}/proc", "proc", sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC)
    sc.pivot_root(NEW, f"{NEW}/.old")
    os.chdir("/")
    sc.unmount("/.old")
    os.rmdir("/.old")


# Directories in the order that AWS gives them.
LIBRARY_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
# The loader reads LD_LIBRARY_PATH once, when a process starts: it has to be right here already.
ENVIRONMENT = {
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "LANG": "en_US.UTF-8",
    "LD_LIBRARY_PATH": LIBRARY_PATH,
}
# What the zygote does with its own source: import it, take it away, close the root.
BECOME = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "/.zygote")
import zygote, os
sys.path.remove("/.zygote")
for name in ("syscalls", "enter", "zygote"): del sys.modules[name]  # a function's modules may have these names
for name in os.listdir("/.zygote"): os.unlink("/.zygote/" + name)
os.rmdir("/.zygote")
zygote.sc.mount("", "/", "", zygote.sc.MS_BIND | zygote.sc.MS_REMOUNT | zygote.sc.MS_RDONLY | zygote.sc.MS_NOSUID)
zygote.main(int(sys.argv[1]))
"""


def main(channel_fd: int) -> None:
    sc.prctl(sc.PR_SET_PDEATHSIG, sc.SIGKILL)
    with socket.socket(fileno=os.dup(channel_fd)) as channel:
        order = json.loads(channel.recv(65536))
    os.umask(0o022)
    if "javac" in order:
        from functions.execution.runtimes import java

        java.compile_to(Path(order["runtime"]), order["javac"], order["is_modern"])
    # Rootless without subordinate ids the kernel forbids it, and the groups mean nothing inside.
    with contextlib.suppress(PermissionError):
        os.setgroups([])
    sc.unshare(sc.CLONE_NEWNS)
    sc.mount("", "/", "", sc.MS_REC | sc.MS_PRIVATE)
    if "bare" in order:
        from functions.execution.sandbox import image_root

        image_root.build(order["runtime"])
    else:
        build(order.get("interpreter"), order.get("runtime"), order.get("as_it_is", ""), order.get("packages", {}))
    if "python" not in order:
        # This interpreter goes on, and its library is out of sight after `enter`: load what is needed now.
        sys.path.insert(0, str(Path(__file__).parent))
        for name in ("zygote", "launcher"):
            __import__(name)
    enter()
    if "python" in order:
        os.set_inheritable(channel_fd, True)
        os.execve(
            order["python"], [order["python"], "-I", "-B", "-X", "utf8", "-c", BECOME, str(channel_fd)], ENVIRONMENT
        )
    sys.argv = ["zygote", str(channel_fd)]
    exec(BECOME, {})  # noqa: S102 the same steps without a change of interpreter
