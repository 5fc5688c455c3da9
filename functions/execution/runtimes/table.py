"""The managed runtimes of AWS Lambda, as data: every id that botocore's model knows. A test compares the two."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """`family` names the bootstrap (`runtimes/<family>/`); `deprecated` ones cannot be created on AWS any more."""

    id: str
    family: str
    version: str
    deprecated: bool = False

    @property
    def execution_env(self) -> str:
        """The value of AWS_EXECUTION_ENV."""
        return f"AWS_Lambda_{self.id}"


def _rows(family: str, prefix: str, versions: str, suffix: str = "", deprecated: bool = False) -> list[Runtime]:
    return [Runtime(f"{prefix}{v}{suffix}", family, v, deprecated) for v in versions.split()]


RUNTIMES: dict[str, Runtime] = {
    runtime.id: runtime
    for runtime in [
        *_rows("python", "python", "3.10 3.11 3.12 3.13 3.14 3.15"),
        *_rows("python", "python", "2.7 3.6 3.7 3.8 3.9", deprecated=True),
        *_rows("node", "nodejs", "20 22 24 26", ".x"),
        *_rows("node", "nodejs", "10 12 14 16 18", ".x", deprecated=True),
        *_rows("node", "nodejs", "4.3 6.10 8.10", deprecated=True),
        Runtime("nodejs", "node", "0.10", deprecated=True),
        Runtime("nodejs4.3-edge", "node", "4.3", deprecated=True),
        *_rows("ruby", "ruby", "3.2 3.3 3.4 4.0"),
        *_rows("ruby", "ruby", "2.5 2.7", deprecated=True),
        *_rows("java", "java", "11 17 21 25"),
        *_rows("java", "java", "8 11 17", ".al2023"),
        Runtime("java8.al2", "java", "8"),
        Runtime("java8", "java", "8", deprecated=True),
        *_rows("dotnet", "dotnet", "8 10"),
        Runtime("dotnet6", "dotnet", "6", deprecated=True),
        *_rows("dotnet", "dotnetcore", "1.0 2.0 2.1 3.1", deprecated=True),
        Runtime("go1.x", "go", "1", deprecated=True),
        Runtime("provided.al2023", "custom", "al2023"),
        Runtime("provided.al2", "custom", "al2"),
        Runtime("provided", "custom", "", deprecated=True),
        Runtime("custom", "custom", ""),
    ]
}
