"""How an image is started: as it says, unless the function says otherwise."""

from collections.abc import Mapping
from typing import Any


def how(image: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """`image` as in `Package.image`, `config` the ImageConfig of a function. Command, directory and environment, as
    the engine wants them. Each member of the configuration replaces its own only, as on AWS."""
    return {
        "command": [*(config.get("EntryPoint") or image["entry_point"]), *(config.get("Command") or image["command"])],
        "directory": config.get("WorkingDirectory") or image["working_directory"] or "/",
        "environment": image["environment"],
    }
