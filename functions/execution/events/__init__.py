"""The platform's own events in the life of an environment, each with its two renderings.

`text` is the line in a log of format Text, None where AWS writes none; `record` is what a log of format JSON and the
subscribers of the Telemetry API get. `level` decides whether a log of format JSON keeps it.
Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from functions.execution.events.base import Ending, Event, Level, billed
from functions.execution.events.extension import Extension, LogsDropped, LogsSubscription, TelemetrySubscription
from functions.execution.events.init import (
    InitReport,
    InitRuntimeDone,
    InitStart,
    RestoreReport,
    RestoreRuntimeDone,
    RestoreStart,
)
from functions.execution.events.invocation import End, Fault, Report, RuntimeDone, Start

__all__ = [
    "End",
    "Ending",
    "Event",
    "Extension",
    "Fault",
    "InitReport",
    "InitRuntimeDone",
    "InitStart",
    "Level",
    "LogsDropped",
    "LogsSubscription",
    "Report",
    "RestoreReport",
    "RestoreRuntimeDone",
    "RestoreStart",
    "RuntimeDone",
    "Start",
    "TelemetrySubscription",
    "billed",
]
