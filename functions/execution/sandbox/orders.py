"""What a zygote is told at its start (see `root.main` and `zygote.main`): a row for each way to run a runtime."""

from pathlib import Path
from typing import Any

from functions.execution.runtimes import java, sdk
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.sandbox import seccomp
from functions.execution.sandbox.root import LIBRARY_PATH

BOOTSTRAPS = Path(__file__).parents[1] / "runtimes"
# Addons may need libraries of layers, and the loader reads LD_LIBRARY_PATH once, when a process starts.
# And a time zone that changes costs Node.js half a millisecond.
ENVIRONMENT = {
    "PATH": "/var/lang/bin:/usr/bin:/bin",
    "LANG": "en_US.UTF-8",
    "LD_LIBRARY_PATH": LIBRARY_PATH,
    "TZ": ":UTC",
}
# By family: the interpreter becomes the zygote, or is executed in each sandbox, or is not there at all.
BECOMES = ("python",)
BOOTSTRAP = {"node": "/var/runtime/bootstrap.cjs", "ruby": "/var/runtime/bootstrap.rb"}
ALONE = ("custom", "image")


def orders(interpreter: Interpreter, is_late: bool, scratch: Path) -> list[dict[str, Any]]:
    """The two messages: for the root, for the zygote. `is_late`: the interpreter starts with the function.
    `scratch` is a directory that stays, for what has to be compiled."""
    family, program, root = interpreter.family, f"/var/lang/{interpreter.program}", str(interpreter.root)
    build: dict[str, Any] = {"interpreter": root, "runtime": str(BOOTSTRAPS / family)}
    zygote: dict[str, Any] = {"seccomp": (seccomp.program() or b"").hex()}
    if family == "ruby" and root != "/usr":
        build["as_it_is"] = root  # it knows its library by the path that it was compiled for
    if family == "python":
        build["packages"] = sdk.packages(interpreter)
    if family == "dotnet":
        del build["runtime"]
    if family == "java":
        build |= java.build_order(scratch)
    if family in ALONE:
        del build["interpreter"]
        if family == "image":
            build["bare"] = True
        return [build, {**zygote, "module": "bootstrap", "waits": True}]
    if is_late:
        return [build, {**zygote, "module": "launcher", "waits": True}]
    if family in BECOMES:
        return [{**build, "python": program}, {**zygote, "module": "bootstrap"}]
    return [build, {**zygote, "exec": [program, BOOTSTRAP[family]], "environment": ENVIRONMENT}]
