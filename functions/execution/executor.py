"""The executor: the only owner of sandboxes on a node. One process, one thread, one event loop.

    python -m functions.execution.executor --socket PATH --code DIR --spool DIR --run DIR --pool N --idle SECONDS
                                           --node ID [--record-bytes N] [--environments N] [--memory-mb N] [--drain S]
                                           [--reserve-mb N] [--rate N] [--cpu share|quota] [--forwarder PATH]
                                           [--session-key PATH] [--listen HOST:PORT] [--member] [--egress]
                                           [--init SECONDS]

Prints one JSON line {"ready": true, "isolation": {...}} when it serves. --listen opens the lane on TCP too, to those
who know the secret that is in HEARTH_NODE_SECRET. With --member there may be other nodes: invocations wait until the
worker says what this one may run. SIGTERM: takes nothing new, lets what runs come to its end (at most --drain seconds),
answers, and ends; a second one ends at once.
"""

import argparse
import gc
import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from functions.execution import image
from functions.execution.endpoint import Endpoint
from functions.execution.engine import Engine
from functions.execution.loop import Loop
from functions.execution.pools import TEMPLATES, Budget, NoEnvironment, Pools
from functions.execution.pressure import Pressure
from functions.execution.rate import Rate
from functions.execution.runtimes import discovery, java
from functions.execution.runtimes.discovery import installed
from functions.execution.sandbox import cgroups, holder, seccomp, uids
from functions.execution.sandbox import syscalls as sc
from functions.execution.sandbox.factory import Factory
from functions.execution.sandbox.isolation import Isolation
from functions.execution.sandbox.listen import Networks
from functions.execution.sandbox.network.egress import Egress
from functions.execution.sandbox.orders import orders
from functions.execution.sandbox.place import Placer
from functions.execution.server import Server
from functions.execution.spec import IMAGE, LATE
from monitoring.ingest.spool import SpoolWriter

logger = logging.getLogger(__name__)
MACHINE_MB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def absolute(value: str) -> Path:
    return Path(value).absolute()


def host_and_port(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    return host.strip("[]"), int(port)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="executor")
    for name in ("socket", "code", "spool", "run"):
        parser.add_argument(f"--{name}", type=absolute, required=True)
    parser.add_argument("--pool", type=int, default=4)
    parser.add_argument("--idle", type=float, default=600.0)
    parser.add_argument("--init", type=float, default=10.0)  # as on AWS; tests do not wait that long
    parser.add_argument("--node", required=True)
    parser.add_argument("--record-bytes", type=int, default=65_536)
    parser.add_argument("--environments", type=int, default=1000)
    # Functions rarely use what they are configured with: twice the machine's memory may be promised.
    parser.add_argument("--memory-mb", type=lambda text: int(text) or 2 * MACHINE_MB, default="0")
    # To stay available on the machine: idle environments go before, and sandboxes together never get it.
    parser.add_argument("--reserve-mb", type=lambda text: int(text) or max(256, MACHINE_MB // 20), default="0")
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--cpu", choices=("share", "quota"), default="share")
    parser.add_argument("--drain", type=float, default=30.0)
    parser.add_argument("--forwarder", default="")  # its socket
    parser.add_argument("--egress", action="store_true")  # functions may be given a network
    parser.add_argument("--session-key", type=Path)  # a file, for the credentials of execution roles
    parser.add_argument("--listen", type=host_and_port)
    parser.add_argument("--member", action="store_true")
    return parser.parse_args()


class Executor:
    def __init__(self, options: argparse.Namespace) -> None:
        self.loop = Loop()
        self.options = options
        self.block = uids.take()
        self.groups, why = self._groups()
        self.networks = Networks()
        self.egress = Egress(self.loop, options.run, options.egress)
        self.isolation = Isolation.of(self.groups, why, self.block, self.egress)
        key = options.session_key.read_bytes() if options.session_key else b""
        self.endpoint = Endpoint(self.loop, self.networks, options.forwarder, key)
        self.pools = Pools(
            self.loop,
            options.pool,
            options.idle,
            Budget(min(options.environments, uids.BLOCK), options.memory_mb, Pressure(options.reserve_mb)),
            self._factory,
        )
        self.spool = SpoolWriter(options.spool, options.node)
        self.engine = Engine(
            self.loop,
            self.pools,
            Placer(),
            self.endpoint,
            self.egress,
            self.spool,
            options.code,
            options.record_bytes,
            Rate(options.rate),
            waits=options.member,
            init_s=options.init,
        )
        # Not for the processes below, nor by the command line, which any user may read.
        secret = os.environ.pop("HEARTH_NODE_SECRET", "").encode()
        self.server = Server(self.loop, self.engine, options.socket, self.status, options.listen, secret)
        self.ending = False

    def run(self) -> None:
        self._listen_to_signals()
        for runtime in first_runtimes():
            self.pools.runtime(runtime)
        gc.freeze()
        gc.set_threshold(20_000)  # an invocation leaves no cycles: looking for them is most of the time in vain
        print(json.dumps({"ready": True, "isolation": self.isolation.facts}), flush=True)  # noqa: T201
        try:
            self.loop.run()
        finally:
            self.close()

    def status(self) -> dict[str, Any]:
        return {
            "node": self.options.node,
            "isolation": self.isolation.facts,
            "runtimes": {each.runtime: each.version for each in reversed(discovery.found())}
            | {name: interpreter.version for name, interpreter in installed().items()},
            "in_use": dict(self.engine.concurrency.by_function),  # account:region:name -> invocations now
            "unreserved": dict(self.engine.concurrency.unreserved),  # account:region -> those without a reservation
            "granted": self.engine.shares.facts() if self.engine.shares is not None else None,  # None: alone
            "draining": self.engine.draining,
            **self.pools.status(),
        }

    def end(self) -> None:
        if self.ending:
            self.loop.stop()
            return
        self.ending = True
        self.engine.membership.drain(True)
        self.server.close()
        self.pools.close()
        self.loop.later(self.options.drain, self.loop.stop)
        self._end_when_done()

    def close(self) -> None:
        self.server.close()
        self.server.hang_up()
        self.pools.kill()
        for factory in self.pools.factories():
            factory.close()
        self.endpoint.close()
        self.egress.close()
        if self.groups is not None:
            self.groups.close()
        self.spool.close()

    def _end_when_done(self) -> None:
        if self.server.in_flight or self.pools.ending():
            self.loop.later(0.02, self._end_when_done)
        else:
            self.loop.later(0.05, self.loop.stop)  # the last answers leave

    def _listen_to_signals(self) -> None:
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)

        def woken(_events: int) -> None:
            os.read(read, 64)
            self.end()

        self.loop.watch(read, woken)

    def _groups(self) -> tuple[cgroups.Groups | None, str]:
        try:
            version, roots = cgroups.find()
            cgroups.clear_dead(roots)
            cgroups.clear_block(roots, self.block.number)
            cgroups.enable_block(roots, version, self.block.number, MACHINE_MB - self.options.reserve_mb)
        except (cgroups.Unavailable, OSError) as error:
            return None, str(error)
        cgroups.hasten()  # for as long as this process lives
        return cgroups.Groups(version, roots, self.block.number, sorted(roots), self.options.cpu == "quota"), ""

    def _factory(self, name: str) -> Factory:
        """`name` as `FunctionSpec.interpreter`."""
        held, late, _ = name.removesuffix(TEMPLATES).partition(LATE)
        runtime, _, version = held.partition("@")
        interpreter = image.INTERPRETER if runtime == IMAGE else discovery.interpreter(runtime, version)
        if interpreter is None:
            discovery.look()
            interpreter = discovery.interpreter(runtime, version)
        if interpreter is None:
            raise NoEnvironment(f"The runtime {held} is not installed on this node")
        try:
            told = orders(interpreter, bool(late), self.options.run)
        except java.NoCompiler as error:
            raise NoEnvironment(f"The runtime {held} cannot start: {error}") from error
        if name.endswith(TEMPLATES):
            told[-1]["seccomp"] = (seccomp.for_templates() or b"").hex()
        shared = (self.loop, interpreter, self.groups, self.block, self.networks, self.endpoint, self.egress)
        return Factory(*shared, told, bool(late))


def first_runtimes() -> list[str]:
    """Whose pools start with the executor: our own Python, else the newest, and the newest Node.js."""
    found = installed()
    own = "python{}.{}".format(*sys.version_info[:2])
    pythons = [name for name, interpreter in found.items() if interpreter.family == "python"]
    nodes = [name for name, interpreter in found.items() if interpreter.family == "node"]
    newest = sorted(pythons, key=lambda name: int(name.rpartition(".")[2]))[-1:]
    return ([own] if own in found else newest) + sorted(nodes)[-1:]


def main() -> int:
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", level="INFO")
    options = arguments()
    if os.geteuid() != 0 or holder.needed():
        try:
            if holder.inside() is not None:
                raise holder.Refused("mounting is refused even in namespaces of our own: start as root")
            return holder.run_again(options.egress)
        except holder.Refused as refusal:
            print(json.dumps({"ready": False, "message": str(refusal)}), flush=True)  # noqa: T201
            return 1
    os.chdir("/")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    executor = Executor(options)
    sc.run_soon()
    sc.prctl(sc.PR_SET_DUMPABLE, 0)  # only now: before, /proc/self is needed
    executor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
