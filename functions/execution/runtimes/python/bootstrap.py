"""The Python runtime inside a sandbox: imports the handler, then serves one invocation at a time.

Python 3.8 syntax, standard library only. Loaded by the zygote before the clone, so that only user code is left to
import. Speaks frames (length of a JSON head, length of a body, both) on one inherited socket:

    in   {"op": "assign", "environment": {...}, "handler": str}, and a second time when init was ahead of the use
         {"op": "invoke", "id", "deadline_ms", "arn", "trace", "client_context", "cognito", "tenant"} + event
    out  {"op": "ready"}    {"op": "init"} or {"op": "init", "error": type} + payload
         {"op": "done", "id"} + response, {"op": "done", "id", "error": type} + payload, {"op": "done", "id", "size": n}

Error payloads and log lines are those of AWS's own Python runtime client.
"""

import importlib
import io
import json
import logging
import os
import sys
import time
import traceback

import json_log
from error_payload import Fault, describe
from frame_channel import Channel
from function_log import LogHandler, current, log_error
from invocation_context import LambdaContext
from response_json import to_json

for name in "error_payload frame_channel function_log invocation_context json_log response_json".split():
    del sys.modules[name]  # modules of the function may have these names
THIS = sys.modules[__name__]
sc = loopback_up = None  # the zygote's: what a template needs to make a copy of itself
MAX_RESPONSE = 6 * 1024 * 1024 + 100
WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, "
    "runtime updates can be triggered by a function change, or can be applied automatically. To determine if the "
    "runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with a "
    "change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the previous "
    "runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


def load(handler):
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, error)) from error
    try:
        if module_name.split(".")[0] in sys.builtin_module_names:
            raise Fault(
                "Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name
            )
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from error
    except SyntaxError as error:
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (module_name, error),
            ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)],
        ) from error
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault(
            "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name)
        ) from None


def prepare(head):
    """Become the function: directory, environment, search path, logging."""
    os.chdir("/var/task")  # again: the code has been put over what was there
    os.environ.clear()
    os.environ.update(head["environment"])
    time.tzset()
    version = "python%d.%d" % sys.version_info[:2]
    first = ["/var/task", "/opt/python/lib/%s/site-packages" % version, "/opt/python", "/var/runtime"]
    first += [path for path in os.environ.get("PYTHONPATH", "").split(":") if path and path not in first]
    sys.path[:] = first + [path for path in sys.path if path not in first and path]
    sys.path_importer_cache.clear()
    root, handler = logging.getLogger(), LogHandler()
    if json_log.is_wanted():
        formatter = json_log.Formatter()
        json_log.set_level(root)
    else:
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
        )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root.addHandler(handler)


def invoke(function, head, body):
    """One invocation: the head and body of the answer."""
    request_id = head["id"]
    try:
        context = LambdaContext(head)
        try:
            event = json.loads(body)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from error
        result = function(event, context)
        try:
            response = to_json(result)
        except Exception as error:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from error
    except Exception:
        error = describe(request_id)
        log_error(error)
        return {"op": "done", "id": request_id, "error": error["errorType"]}, to_json(error)
    if len(response) > MAX_RESPONSE:
        return {"op": "done", "id": request_id, "size": len(response)}, b""
    return {"op": "done", "id": request_id}, response


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # the handler replaced or closed it


def rehearse():
    """Do once what init and the first invocation will do.

    A clone copies each page of the zygote when it first writes to it: better while it waits in the pool than then.
    """
    path, handlers = list(sys.path), list(logging.getLogger().handlers)
    variables = {"VARIABLE_%d" % number: "x" * 40 for number in range(40)}
    prepare(json.loads(json.dumps({"environment": variables})))
    invoke(load("rehearsal.handler"), {"id": "", "arn": "", "deadline_ms": 0}, b'{"key": [1, 2.5, "x", null]}')
    del sys.modules["rehearsal"]
    sys.path[:] = path
    logging.getLogger().handlers[:] = handlers


def initialise(channel, step):
    """What `step` gives; the end of the process, told, when it fails."""
    try:
        return step()
    except Exception:
        error = describe()
        logging.warning(WARNING)
        log_error(error)
        flush()
        channel.send({"op": "init", "error": error["errorType"]}, to_json(error))
        os._exit(1)
    except BaseException as error:
        leave(error)


def serve(fd, is_late=False):
    """The life of the runtime process. Never returns. `is_late`: it starts with its function in the environment."""
    sys.stdin = open(os.devnull)
    for name, number in (("stdout", 1), ("stderr", 2)):
        raw = io.FileIO(number, "wb", closefd=False)
        stream = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)
    channel = Channel(fd)
    if is_late:
        head = {"environment": dict(os.environ), "handler": os.environ["_HANDLER"]}
    else:
        rehearse()
        channel.send({"op": "ready"})
        head, _ = channel.receive()
    prepare(head)
    is_snapshot = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] == "snap-start"
    template = importlib.import_module("template") if is_snapshot else None
    sys.modules.pop("template", None)
    function = initialise(channel, lambda: load(head["handler"]))
    if template is not None:
        initialise(channel, lambda: template.before_snapshot(THIS))
    flush()
    channel.send({"op": "init"})
    if template is not None:
        if head.get("snapshot"):
            channel = Channel(template.serve(THIS, channel.detach()))  # from here on in a copy
            channel.send({"op": "ready"})
        head, _ = channel.receive()
        os.environ.clear()
        os.environ.update(head["environment"])
        initialise(channel, lambda: template.after_restore(THIS))
        flush()
        channel.send({"op": "init"})
    while True:
        head, body = channel.receive()
        current["id"] = head["id"]
        current["tenant"] = head.get("tenant")
        if head.get("trace"):
            os.environ["_X_AMZN_TRACE_ID"] = head["trace"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            answer = invoke(function, head, body)
        except BaseException as error:
            leave(error)
        flush()
        channel.send(*answer)


def leave(error):
    """End as the interpreter does, without the zygote's frames above us: sys.exit(), or no exception to be caught."""
    if not isinstance(error, SystemExit):
        traceback.print_exc()
    flush()
    code = error.code if isinstance(error, SystemExit) else 1
    if code is None:
        os._exit(0)
    if not isinstance(code, int):
        sys.stderr.write("%s\n" % (code,))
        flush()
        code = 1
    os._exit(code & 0xFF)


if __name__ == "__main__":
    serve(3, is_late=True)
