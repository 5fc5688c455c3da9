"""Which of the machine's interpreters a function version runs with, and when that changes.

A runtime version is an interpreter in full: `python3.11` may be 3.11.2 today and 3.11.9 after an update of the machine,
or both may be installed. Auto takes the machine's first; the others hold a version to the one that it was given.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html
"""

import hashlib

from functions import lookup, stand_ins
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException
from functions.execution.runtimes import discovery
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.runtimes.table import RUNTIMES
from functions.models import FunctionVersion

Mode = FunctionVersion.UpdateRuntimeOn


def put(caller: Caller, reference: FunctionReference, mode: str, runtime_version_arn: str | None) -> FunctionVersion:
    """`mode`: Auto, FunctionUpdate, or Manual with the ARN of a runtime version."""
    with change(caller, "PutRuntimeManagementConfig", reference.arn, mode=mode, to=runtime_version_arn or ""):
        lookup.function(reference, lock=True)
        version = lookup.version(reference)
        if (mode == Mode.MANUAL) is not bool(runtime_version_arn):
            raise InvalidParameterValueException(
                "RuntimeVersionArn is required for the Manual runtime update mode."
                if mode == Mode.MANUAL
                else f"RuntimeVersionArn cannot be specified for the {mode} runtime update mode.",
                field="RuntimeVersionArn",
            )
        version.update_runtime_on = mode
        version.runtime_version = _named(version, runtime_version_arn).version if runtime_version_arn else ""
        hold(version)
        version.save(update_fields=["update_runtime_on", "runtime_version"])
        return version


def hold(version: FunctionVersion) -> None:
    """Of a version that is being updated: take the machine's interpreter now, if that is how it is. Does not save."""
    if version.update_runtime_on == Mode.FUNCTION_UPDATE:
        interpreter = discovery.interpreter(version.runtime)
        version.runtime_version = interpreter.version if interpreter else ""


def let_go(version: FunctionVersion) -> None:
    """Of a version whose runtime is another one from now on: no interpreter of the old one fits. Does not save."""
    if version.update_runtime_on == Mode.MANUAL:
        version.update_runtime_on, version.runtime_version = Mode.AUTO, ""


def arn(version: FunctionVersion) -> str:
    """Of the runtime version that runs it now, or would if it were on this machine."""
    interpreter = _of(version)
    full = interpreter.version if interpreter else version.runtime_version
    if interpreter and interpreter.family != "custom" and interpreter.release != RUNTIMES[version.runtime].version:
        full = f"{interpreter.runtime} {full}"  # it stands in
    return _arn(version, full)


def is_installed(version: FunctionVersion) -> bool:
    """Whether this machine has the interpreter that the version is held to, or what stands in for its runtime."""
    return _of(version) is not None


def _of(version: FunctionVersion) -> Interpreter | None:
    found = discovery.interpreter(version.runtime, version.runtime_version)
    if found is not None or version.runtime_version:
        return found
    return stand_ins.serving(version.function.account_id, version.runtime)


def _arn(version: FunctionVersion, full: str) -> str:
    digest = hashlib.sha256(f"{version.runtime} {full}".encode()).hexdigest()
    return f"arn:aws:lambda:{version.function.region}::runtime:{digest}"


def _named(version: FunctionVersion, wanted: str) -> Interpreter:
    for interpreter in discovery.of(version.runtime):
        if _arn(version, interpreter.version) == wanted:
            return interpreter
    raise InvalidParameterValueException(
        f"Runtime version {wanted} is not one of the runtime {version.runtime} on this machine.",
        field="RuntimeVersionArn",
    )
