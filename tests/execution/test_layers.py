"""What a function finds at /opt."""

import os

import pytest

from functions.execution.spec import LaneError
from tests.execution.running import PYTHON, RunningExecutor
from tests.execution.test_node import NODES

pytestmark = pytest.mark.sandbox


def test_python_finds_modules_of_layers(executor: RunningExecutor) -> None:
    layer = executor.deploy(
        {
            "python/plain.py": "VALUE = 'plain'\n",
            "python/both.py": "VALUE = 'the directory'\n",
            f"python/lib/{PYTHON}/site-packages/both.py": "VALUE = 'site-packages'\n",
            f"python/lib/{PYTHON}/site-packages/mine.py": "VALUE = 'of the layer'\n",
        }
    )
    source = {
        "app.py": "import both, mine, plain\ndef handler(*_): return [plain.VALUE, both.VALUE, mine.VALUE]\n",
        "mine.py": "VALUE = 'of the function'\n",
    }
    assert executor.run(source, layers=layer) == ["plain", "site-packages", "of the function"]


@pytest.mark.skipif(not NODES, reason="no Node.js on this machine")
def test_node_finds_modules_of_layers(executor: RunningExecutor) -> None:
    layer = executor.deploy({"nodejs/node_modules/greeting/index.js": "module.exports = (name) => `hello ${name}`;\n"})
    source = {"index.js": "exports.handler = async (event) => require('greeting')(event.name);\n"}
    assert (
        executor.run(source, {"name": "Ada"}, layers=layer, runtime=NODES[-1], handler="index.handler") == "hello Ada"
    )


def test_programs_of_layers_are_on_the_path(executor: RunningExecutor) -> None:
    layer = executor.deploy({"bin/greet": "#!/bin/sh\necho hello\n", "lib/libnothing.so": ""})
    os.chmod(executor.directory / "code" / layer / "bin" / "greet", 0o755)
    source = """
        import os, subprocess
        def handler(event, context):
            assert "/opt/lib" in os.environ["LD_LIBRARY_PATH"].split(":")
            return subprocess.run(["greet"], capture_output=True, text=True, check=True).stdout
    """
    assert executor.run(source, layers=layer) == "hello\n"


def test_layers_cannot_be_changed(executor: RunningExecutor) -> None:
    layer = executor.deploy({"data.txt": "whole"})
    for path in ("", "data.txt"):  # permissions are not what forbids it
        os.chmod(executor.directory / "code" / layer / path, 0o777)
    source = """
        import os
        def handler(event, context):
            refused = []
            for change in (
                lambda: open("/opt/data.txt", "a"), lambda: open("/opt/new", "w"), lambda: os.unlink("/opt/data.txt")
            ):
                try:
                    change()
                except OSError as error:
                    refused.append(error.strerror)
            return [open("/opt/data.txt").read(), *refused]
    """
    read_only = "Read-only file system"
    assert executor.run(source, layers=layer) == ["whole", read_only, read_only, read_only]
    assert (executor.directory / "code" / layer / "data.txt").read_text() == "whole"


def test_without_layers_there_is_nothing(executor: RunningExecutor) -> None:
    source = "import os\ndef handler(event, context): return os.listdir('/opt')\n"
    assert executor.run(source) == []


def test_a_layer_that_is_gone_is_the_platforms_fault(executor: RunningExecutor) -> None:
    spec = executor.function("def handler(event, context): return 1\n", layers="0" * 64)
    with pytest.raises(LaneError, match="No such file or directory"):
        executor.invoke(spec)
