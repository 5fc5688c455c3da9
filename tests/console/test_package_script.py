"""The editor's idea of a package (static/js/code/package.js), run by Node.js."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parent.parent.parent / "static/js/code/package.js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js")


def run(tmp_path: Path, steps: str) -> Any:
    """What `steps` leave in `result`. `files` is a package of app.py and lib/a.py, both read."""
    module = tmp_path / "package.mjs"
    module.write_text(SCRIPT.read_text())
    program = f"""
        import {{ Package }} from {json.dumps(str(module))};
        const files = new Package([{{ path: "app.py", size: 1 }}, {{ path: "lib/a.py", size: 1 }}]);
        files.loaded("app.py", "one");
        files.loaded("lib/a.py", "two");
        const fails = (step) => {{ try {{ step(); return ""; }} catch (error) {{ return error.message; }} }};
        let result = null;
        {steps}
        console.log(JSON.stringify(result));
    """
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", program], capture_output=True, text=True, check=True, timeout=30
    )
    return json.loads(done.stdout)


def test_an_untouched_package_has_no_changes(tmp_path: Path) -> None:
    steps = "files.write('app.py', 'x'); files.write('app.py', 'one'); result = [files.count, files.changes()];"
    assert run(tmp_path, steps) == [0, {"files": [], "removed": []}]


def test_changes_name_where_each_file_came_from(tmp_path: Path) -> None:
    steps = """
        files.write("app.py", "changed");
        files.rename("lib/a.py", "lib/b.py");
        files.create("new.py");
        files.write("new.py", "fresh");
        result = [files.count, files.changes(), files.paths().map((path) => files.state(path))];
    """
    count, changes, states = run(tmp_path, steps)
    assert count == 3
    assert changes == {
        "files": [
            {"path": "app.py", "origin": "app.py", "text": "changed"},
            {"path": "lib/b.py", "origin": "lib/a.py"},
            {"path": "new.py", "origin": None, "text": "fresh"},
        ],
        "removed": [],
    }
    assert states == ["changed", "moved", "new"]


def test_a_file_that_was_never_deployed_is_not_removed(tmp_path: Path) -> None:
    steps = "files.create('x.py'); files.remove('x.py'); files.remove('app.py'); result = files.changes();"
    assert run(tmp_path, steps) == {"files": [], "removed": ["app.py"]}


def test_a_file_made_anew_in_place_of_a_deleted_one_is_a_change_of_it(tmp_path: Path) -> None:
    steps = "files.remove('app.py'); files.create('app.py'); files.write('app.py', 'n'); result = files.changes();"
    assert run(tmp_path, steps) == {"files": [{"path": "app.py", "origin": "app.py", "text": "n"}], "removed": []}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "Give the file a name"),
        ("app.py", "app.py exists already"),
        ("../x", "inside the package"),
        ("/x", "inside the package"),
        ("a//b", "inside the package"),
        ("lib", "lib/a.py is in the way"),
        ("app.py/x", "app.py is in the way"),
    ],
)
def test_a_path_that_cannot_be_is_refused(tmp_path: Path, path: str, message: str) -> None:
    steps = f"result = [fails(() => files.create({json.dumps(path)})), files.count];"
    refused, count = run(tmp_path, steps)
    assert message in refused
    assert count == 0
