import os
import subprocess
import sys


def test_a_process_that_gives_way_is_nicer_and_goes_on() -> None:
    code = "import os; from monitoring.ingest.priority import give_way; give_way(); print(os.nice(0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == min(os.nice(0) + 10, 19)
