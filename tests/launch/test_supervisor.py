"""The supervisor: a child that dies is started again, and nothing is left behind.

Each case runs in a process of its own, for a supervisor adopts the orphans of its whole process.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from tests.family import ROOT, wait_for
from tests.processes import alive

PROGRAM = """
import sys, time, signal
from pathlib import Path
from console.launch.supervisor import Child, Supervisor

directory = Path(sys.argv[1])
supervisor = Supervisor()
supervisor.start(Child("child", ["sh", "-c", {script!r}], directory / "child.log"))
ended = False
def end(*_):
    global ended
    ended = True
signal.signal(signal.SIGINT, end)
print("started", flush=True)
while not ended:
    for line in supervisor.watch_once():
        print(line, flush=True)
    time.sleep(0.02)
supervisor.stop()
print("stopped", flush=True)
"""


def supervise(directory: Path, script: str) -> subprocess.Popen[str]:
    program = textwrap.dedent(PROGRAM).format(script=f"cd {directory}; {script}")
    return subprocess.Popen(
        [sys.executable, "-c", program, str(directory)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def pid_in(path: Path) -> int:
    return int(wait_for(str(path), lambda: path.exists() and path.read_text().strip()))


def test_a_child_that_dies_is_started_again_and_what_it_left_is_ended(tmp_path: Path) -> None:
    script = "sleep 1000 & echo $! > left.$$; echo $$ >> pids; mv left.$$ left; wait"
    with supervise(tmp_path, script) as process:
        left = pid_in(tmp_path / "left")
        first = int((tmp_path / "pids").read_text().split()[0])
        os.kill(first, signal.SIGKILL)
        wait_for("a second child", lambda: len((tmp_path / "pids").read_text().split()) == 2)
        wait_for("the end of what the first one left", lambda: not alive(left))
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "child ended with signal SIGKILL" in output
    assert "child was started again" in output
    assert output.endswith("stopped\n")
    second = int((tmp_path / "pids").read_text().split()[1])
    assert not alive(second)


def test_a_child_that_dies_at_once_is_not_started_in_a_storm(tmp_path: Path) -> None:
    with supervise(tmp_path, "echo x >> starts; exit 3") as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert "child ended with status 3" in output
    # 0.1 s, then doubled: at most five starts fit into a second and a half.
    assert 2 <= len((tmp_path / "starts").read_text().split()) <= 5


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervise(tmp_path, "echo $$ > pid; exec sleep 1000") as process:
        child = pid_in(tmp_path / "pid")
        process.kill()
        wait_for("the end of the child", lambda: not alive(child))
