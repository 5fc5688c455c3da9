"""Functions that are container images, as the engine sees them: what starts, with which variables, in which tree.

Their sandboxes wait in a pool of their own, with an empty root; each gets the image's tree as root with its function.
Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

import os
from pathlib import Path
from typing import Any

from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.spec import IMAGE, FunctionSpec

# What stands for an interpreter: the image brings all that it needs.
INTERPRETER = Interpreter(IMAGE, IMAGE, "", "", Path("/"), "")
# What an image may set otherwise.
DEFAULTS = {"PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC"}
EXTENSIONS = "opt/extensions"


def variables(spec: FunctionSpec) -> dict[str, str]:
    """The image's own, over the defaults."""
    return {**DEFAULTS, **spec.image["environment"]}


def orders(spec: FunctionSpec) -> dict[str, Any]:
    """What its bootstrap is told besides the variables."""
    return {"command": spec.image["command"], "directory": spec.image["directory"]}


def extensions(tree: str) -> str | None:
    """The directory of the host that is /opt inside, if the image has extensions there; None where a symlink leads to
    them: it may lead anywhere."""
    path = os.path.join(os.path.realpath(tree), EXTENSIONS)
    return os.path.dirname(path) if os.path.isdir(path) and os.path.realpath(path) == path else None
