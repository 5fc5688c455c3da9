"""The files of cgroups: version 1 as it is here, version 2 by its files where the kernel has bound the controllers
elsewhere (freezing and killing by a real one even so)."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functions.execution.sandbox.cgroups import MIB, GroupV2, hasten, hierarchy
from tests.execution.running import RunningExecutor, eventually, is_root
from tests.execution.test_life import cgroup_of

UNIFIED = next(
    (
        Path(line.split()[1])
        for line in Path("/proc/self/mounts").read_text().splitlines()
        if line.split()[2] == "cgroup2"
    ),
    None,
)
STAT = "anon 7000000\nfile 5000000\nkernel 900000\nshmem 3000000\nslab 500000\n"
V2_FILES = {
    "cgroup.procs": "", "cgroup.freeze": "0", "cgroup.kill": "", "pids.max": "max", "memory.swap.max": "max",
    "memory.oom.group": "0", "memory.max": "max", "cpu.weight": "100", "cpu.max": "max 100000",
    "memory.current": "8000000\n", "memory.peak": "9000000\n", "memory.stat": STAT,
    "memory.events": "low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 1\n",
}  # fmt: skip


def v2_directory(path: Path, **changes: str) -> Path:
    path.mkdir()
    for name, content in (V2_FILES | changes).items():
        (path / name).write_text(content)
    return path


def test_v2_limits(tmp_path: Path) -> None:
    path = v2_directory(tmp_path / "group")
    group = GroupV2(path, quota=True)

    def read(name: str) -> str:
        return (path / name).read_text()

    assert [read(name) for name in ("pids.max", "memory.swap.max", "memory.oom.group")] == ["1024", "0", "1"]
    group.limit(1769, 512)
    assert (read("memory.max"), read("cpu.weight"), read("cpu.max")) == (str((1769 + 512) * MIB), "1600", "max 100000")
    group.defer(True)  # it has worked for a while
    assert read("cpu.weight") == "100"
    group.hold()
    assert read("cpu.max") == "20000 20000"
    group.reset()
    assert (read("cpu.weight"), read("cpu.max")) == ("1600", "max")
    group.limit(10_240, 512)
    assert (read("cpu.weight"), read("cpu.max")) == ("9261", "max")
    group.hold()
    assert read("cpu.max") == "115771 20000"
    group.reset()
    group.limit(128, 512)
    group.hold()
    assert (read("cpu.weight"), read("cpu.max")) == ("115", "1447 20000")
    group.reset()
    group.limit(4096, 512, vcpu_mb=2048)  # of a capacity provider
    group.hold()
    assert (read("cpu.weight"), read("cpu.max")) == ("3200", "40000 20000")
    group.close()


def test_v2_without_quota_never_holds(tmp_path: Path) -> None:
    path = v2_directory(tmp_path / "group")
    group = GroupV2(path)
    group.limit(128, 512)
    group.hold()
    assert (path / "cpu.max").read_text() == "max 100000"
    group.close()


def test_v2_figures(tmp_path: Path) -> None:
    group = GroupV2(v2_directory(tmp_path / "group"))
    assert group.usage() == 8_000_000
    assert group.held() == 10_000_000
    assert group.reclaimable() == 5_000_000 - 3_000_000 + 900_000
    assert group.oom_kills() == 1
    group.close()
    old = GroupV2(v2_directory(tmp_path / "old", **{"memory.stat": STAT.replace("kernel 900000\n", "")}))
    assert old.reclaimable() == 5_000_000 - 3_000_000 + 500_000  # before Linux 5.18
    old.close()


def test_v2_peak_begins_anew_where_the_kernel_lets_it(tmp_path: Path) -> None:
    path = v2_directory(tmp_path / "group")
    group = GroupV2(path)
    (path / "memory.peak").write_text("9000000\n")
    assert group.peak() == 9_000_000
    group.reset_peak()
    assert (path / "memory.peak").read_text().startswith("0")
    group.close()


def test_v2_peak_is_sampled_where_it_cannot_be_reset(tmp_path: Path) -> None:
    """Before Linux 6.12 root may open the file for writing, and the write is refused: /dev/full does the same."""
    path = v2_directory(tmp_path / "group")
    (path / "memory.peak").unlink()
    (path / "memory.peak").symlink_to("/dev/full")
    group = GroupV2(path)
    group.usage()
    (path / "memory.current").write_text("2000000\n")
    assert group.peak() == 8_000_000
    group.reset_peak()
    assert group.peak() == 2_000_000
    group.close()


@pytest.fixture
def real_v2(tmp_path: Path) -> Iterator[Path]:
    """A real cgroup of version 2 for what its core does, with files of our own for the controllers'."""
    if UNIFIED is None or not is_root():
        pytest.skip("no cgroup of version 2 that we may make")
    real = UNIFIED / f"hearth-test-{os.getpid()}"
    try:
        real.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup of version 2 can be made: {error}")
    path = tmp_path / "group"
    v2_directory(path)
    for name in ("cgroup.procs", "cgroup.freeze", "cgroup.kill"):
        (path / name).unlink()
        (path / name).symlink_to(real / name)
    yield path
    eventually(lambda: not (real / "cgroup.procs").read_text())
    real.rmdir()


def test_v2_freezes_and_kills(real_v2: Path) -> None:
    group = GroupV2(real_v2)
    process = subprocess.Popen(["/bin/sleep", "60"])
    os.write(group.files()["cgroup"], b"%d" % process.pid)
    assert not group.empty()
    events = (real_v2 / "cgroup.freeze").resolve().with_name("cgroup.events")
    group.freeze(True)
    eventually(lambda: "frozen 1" in events.read_text())
    group.freeze(False)
    eventually(lambda: "frozen 0" in events.read_text())
    group.freeze(True)  # what is frozen can be killed
    group.kill()
    assert process.wait(10) == -signal.SIGKILL
    assert group.empty()
    group.close()


def test_v2_is_prepared_at_the_top_or_where_it_was_delegated(tmp_path: Path) -> None:
    """Version 2 is taken where version 1 has no memory controller; its children get three controllers."""
    mounts = tmp_path / "mounts"
    top = v2_directory(tmp_path / "cgroup", **{"cgroup.subtree_control": ""})
    (top / "hearth").mkdir()
    mounts.write_text(f"cgroup2 {top} cgroup2 rw 0 0\ncgroup /none cgroup rw,freezer 0 0\n")
    version, roots = hierarchy.find(str(mounts))
    assert (version, roots) == (2, {"": top / "hearth"})
    (roots[""] / "7").mkdir()
    hierarchy.enable_block(roots, version, 7, 1000)
    for path in (top, top / "hearth", top / "hearth" / "7"):
        assert (path / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert (top / "hearth" / "7" / "memory.max").read_text() == str(1000 * MIB)


@pytest.mark.sandbox
def test_cpu_time_by_memory(start: Callable[..., RunningExecutor]) -> None:
    """With quotas a function gets what its memory gives it, and its init what it can get."""
    executor = start("--cpu", "quota", "--pool", "1")
    if executor.isolation["cgroups"] is None or "cpu" not in executor.isolation["controllers"]:
        pytest.skip("no cgroup with a CPU controller")
    source = """
        import time
        def burn(seconds):
            end = time.process_time() + seconds
            while time.process_time() < end:
                pass
        burn(0.1)
        def handler(event, context):
            burn(event)
        """
    name = "cpu.cfs_quota_us" if executor.isolation["cgroups"] == "v1" else "cpu.max"
    for memory_mb, quota_us in ((128, 1447), (3538, 40_000)):
        spec = executor.function(source, memory_mb=memory_mb, timeout_s=30)
        executor.invoke(spec, 0)
        pid = next(e["pid"] for e in executor.client.status()["sandboxes"] if e["function_name"] == spec.function_name)
        group = next(path for path in cgroup_of(pid) if (path / name).exists())
        assert int((group / name).read_text().split()[0]) == quota_us
        assert throttled(group) == 0
        if memory_mb == 128:
            executor.invoke(spec, 0.05)
            assert throttled(group) > 5


def throttled(group: Path) -> int:
    """Periods in which it wanted more than its quota."""
    return int(dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())["nr_throttled"])


@pytest.mark.sandbox
def test_all_sandboxes_together_leave_the_reserve(start: Callable[..., RunningExecutor]) -> None:
    executor = start("--reserve-mb", "3000", "--pool", "1")
    if executor.isolation["cgroups"] is None:
        pytest.skip("no cgroups")
    executor.invoke(executor.function("def handler(event, context):\n    return 1"))
    groups = [path for pid in executor.pids() for path in cgroup_of(pid)]
    block = next(path.parent for path in groups if list(path.glob("memory.m*")) or list(path.glob("memory.l*")))
    name = "memory.limit_in_bytes" if executor.isolation["cgroups"] == "v1" else "memory.max"
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert abs(int((block / name).read_text()) - (machine - 3000 * MIB)) < 2 * MIB


@pytest.mark.sandbox
def test_moves_into_cgroups_are_made_fast(executor: RunningExecutor) -> None:
    own = hasten()
    if executor.isolation["cgroups"] is None or own < 0:
        pytest.skip("needs root, cgroups and Linux 6.0")
    os.close(own)
    assert ":name=hearth:" in Path(f"/proc/{executor.process.pid}/cgroup").read_text()
