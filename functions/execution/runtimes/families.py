"""What tells the interpreters of one language apart from those of another: names, versions, ids, and how to get one."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """`names` are the programs to look for; `oldest` is what the bootstrap needs: older ones are not offered."""

    name: str
    title: str
    names: re.Pattern[str]
    oldest: tuple[int, ...]
    id_of: str  # an id, from the parts of a version: {0} the first, {1} the second
    release_of: str
    command: str  # puts an interpreter where it is looked for; {version} is the runtime's

    def runtime(self, numbers: tuple[int, ...]) -> str:
        return self.id_of.format(*numbers)

    def release(self, numbers: tuple[int, ...]) -> str:
        return self.release_of.format(*numbers)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in [
        Family(
            *("python", "Python", re.compile(r"python3\.\d+"), (3, 8)),
            *("python{0}.{1}", "{0}.{1}", "uv python install {version}"),
        ),
        Family(
            *("node", "Node.js", re.compile(r"node(js)?"), (16,)),
            *("nodejs{0}.x", "{0}", "nvm install {version}"),
        ),
        Family(
            *("ruby", "Ruby", re.compile(r"ruby(\d+\.\d+)?"), (2, 7)),
            *("ruby{0}.{1}", "{0}.{1}", "rbenv install {version}.1"),
        ),
        Family(
            *("java", "Java", re.compile(r"java"), (8,)),
            *("java{0}", "{0}", "apt-get install openjdk-{version}-jdk-headless"),
        ),
        Family(
            *("dotnet", ".NET", re.compile(r"dotnet"), (6,)),
            *("dotnet{0}", "{0}", "./dotnet-install.sh --channel {version}.0 --runtime dotnet"),
        ),
    ]
}
