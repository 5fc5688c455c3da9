"""When the process of a runtime starts: ahead, in the pool, or late, with its function, and by which command then.

Late is what cannot be changed in a process that runs: the size of a Java heap, options that Node.js reads once, a
wrapper script. It costs the interpreter's start in each cold start.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html
"""

from collections.abc import Mapping

from functions.execution.runtimes.interpreter import Interpreter

WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
ALWAYS_LATE = ("java", "dotnet")
# What speaks frames with the engine; the others have clients of AWS's Runtime API.
FRAMES = ("python", "node", "ruby", "java")
# Variables of the function that the loader or the interpreter reads at its start only.
LOADER = {WRAPPER, "LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX"}
READ_ONCE = {
    "python": LOADER
    | {"PYTHONDEVMODE", "PYTHONFAULTHANDLER", "PYTHONHASHSEED", "PYTHONMALLOC", "PYTHONOPTIMIZE"}
    | {"PYTHONTRACEMALLOC", "PYTHONWARNINGS", "OPENSSL_CONF"},
    "node": LOADER | {"NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NODE_ICU_DATA", "NODE_DEBUG", "OPENSSL_CONF"},
    "ruby": LOADER | {"RUBYOPT", "RUBY_YJIT_ENABLE", "OPENSSL_CONF"},
}
# AWS's host of class libraries is a part of its own runtime, which nobody may pass on.
NO_CLASS_LIBRARIES = (
    "Handlers of class libraries (Assembly::Type::Method) need a host that AWS does not publish. Build an executable "
    "assembly with Amazon.Lambda.RuntimeSupport, and name the assembly alone as handler."
)
HEAP_SHARE = 0.85  # of the function's memory, as on AWS


def is_late(family: str, variables: Mapping[str, str]) -> bool:
    """`variables` are the function's own."""
    if family in ALWAYS_LATE:
        return True
    names = READ_ONCE.get(family)
    return names is not None and not names.isdisjoint(variables)


def command(interpreter: Interpreter, handler: str, memory_mb: int, variables: Mapping[str, str]) -> list[str]:
    """Of a runtime that starts late. Functions of custom runtimes have no wrapper, as on AWS."""
    program = f"/var/lang/{interpreter.program}"
    plain = {
        "python": lambda: [program, "-B", "/var/runtime/bootstrap.py"],
        "node": lambda: [program, "/var/runtime/bootstrap.cjs"],
        "ruby": lambda: [program, "/var/runtime/bootstrap.rb"],
        "java": lambda: [program, *_java(int(interpreter.release), memory_mb), "hearth.Bootstrap"],
        "dotnet": lambda: _dotnet(program, handler),
    }[interpreter.family]()
    wrapper = variables.get(WRAPPER)
    return [wrapper, *plain] if wrapper else plain


def _dotnet(program: str, handler: str) -> list[str]:
    """The handler is the name of an executable assembly."""
    if "::" in handler:
        return ["/bin/sh", "-c", 'echo "$0" >&2; exit 1', NO_CLASS_LIBRARIES]
    return [program, f"/var/task/{handler}.dll"]


def _java(release: int, memory_mb: int) -> list[str]:
    """Flags for a small process that lives for one function: AWS's choice of collector and compiler."""
    return [
        f"-Xmx{int(memory_mb * HEAP_SHARE)}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        "-Xshare:auto",
        *(["--add-opens=java.base/java.io=ALL-UNNAMED"] if release >= 9 else []),
        *("-cp", "/var/runtime"),
    ]
