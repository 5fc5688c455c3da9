"""The Python runtime inside a sandbox: imports the handler, then serves one invocation at a time.

Python 3.8 syntax, standard library only. Loaded by the zygote before the clone, so that only user code is left to
import. Speaks frames (length of a JSON head, length of a body, both) on one inherited socket:

    in   {"op": "assign", "environment": {...}, "handler": str}
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
import socket
import struct
import sys
import time
import traceback

import json_log
from response_json import to_json

del sys.modules["json_log"], sys.modules["response_json"]  # modules of the function may have these names
THIS = sys.modules[__name__]
sc = loopback_up = None  # the zygote's: what a template needs to make a copy of itself
HEAD = struct.Struct("!II")
MAX_RESPONSE = 6 * 1024 * 1024 + 100
ERROR_LINE_END = "\r"  # the executor turns it into a newline within one log event
W3C = ("traceparent", "tracestate", "baggage")
WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, "
    "runtime updates can be triggered by a function change, or can be applied automatically. To determine if the "
    "runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with a "
    "change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the previous "
    "runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


class Fault(Exception):
    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


class Channel:
    """Frames over the inherited socket."""

    def __init__(self, fd):
        self._socket = socket.socket(fileno=fd)
        self._buffer = bytearray()

    def receive(self):
        """The next (head, body); exits when the executor has gone."""
        buffer = self._buffer
        need = HEAD.size
        total = None
        while True:
            if total is None and len(buffer) >= HEAD.size:
                head_length, body_length = HEAD.unpack_from(buffer)
                total = need = HEAD.size + head_length + body_length
            if total is not None and len(buffer) >= total:
                break
            data = self._socket.recv(max(65536, min(need - len(buffer), 1 << 20)))
            if not data:
                os._exit(0)
            buffer += data
        start = HEAD.size + head_length
        head = json.loads(bytes(buffer[HEAD.size : start]))
        body = bytes(buffer[start:total])
        del buffer[:total]
        return head, body

    def detach(self):
        return self._socket.detach()

    def send(self, head, body=b""):
        text = json.dumps(head).encode()
        self._socket.sendall(HEAD.pack(len(text), len(body)) + text + body)


class Part:
    """What shows its attributes when it is printed."""

    __slots__ = ()

    def __init__(self, value):
        for name in self.__slots__:
            setattr(self, name, value.get(name))

    def __repr__(self):
        shown = ",".join("%s=%s" % (name, getattr(self, name)) for name in self.__slots__)
        return "%s([%s])" % (type(self).__name__, shown)


class Client(Part):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(Part):
    __slots__ = ("custom", "env", "client")

    def __init__(self, value):
        super().__init__(value)
        if self.client is not None:
            self.client = Client(self.client)


class CognitoIdentity(Part):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, value):
        self.cognito_identity_id = value.get("cognitoIdentityId")
        self.cognito_identity_pool_id = value.get("cognitoIdentityPoolId")


class LambdaContext:
    """What a handler gets as its second argument: the attributes that AWS documents."""

    def __init__(self, head):
        self.aws_request_id = head["id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = head["arn"]
        self.tenant_id = head.get("tenant")
        client_context = parsed(head.get("client_context"))
        w3c = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
        self._w3c = {name: w3c[name] for name in W3C if isinstance(w3c.get(name), str)} if isinstance(w3c, dict) else {}
        self.client_context = ClientContext(client_context) if client_context is not None else None
        self.identity = CognitoIdentity(head.get("cognito") or {})
        self._epoch_deadline_time_in_ms = head["deadline_ms"]

    def get_remaining_time_in_millis(self):
        return max(int(self._epoch_deadline_time_in_ms - time.time() * 1000), 0)

    def w3c(self):
        """The trace context that came in the client context."""
        return dict(self._w3c)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return "LambdaContext([%s])" % ",".join(
            "%s=%s" % (name, getattr(self, name))
            for name in (
                "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version "
                "invoked_function_arn client_context identity tenant_id"
            ).split()
        )


def parsed(client_context):
    try:
        return json.loads(client_context) if client_context else None
    except ValueError as error:
        message = "Unable to parse Client Context JSON: %s" % error
        raise Fault("Runtime.LambdaContextUnmarshalError", message) from error


class LogHandler(logging.Handler):
    """One record is one log event, whatever newlines it holds."""

    def emit(self, record):
        try:
            record.aws_request_id = current["id"]
            record.tenant_id = current["tenant"]
            text = self.format(record)
            text = text[:-1] if text.endswith("\n") else text  # a traceback ends without
            sys.stdout.write(text.replace("\n", ERROR_LINE_END) + "\n")
        except Exception:
            self.handleError(record)


current = {"id": "", "tenant": None}


def error_payload(message, kind, trace, request_id=""):
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace or []}


def log_error(error):
    if json_log.is_wanted():
        stamp = time.strftime(json_log.TIME, time.gmtime())
        sys.stdout.write(to_json({"timestamp": stamp, "log_level": "ERROR", **error}).decode("utf-8", "replace") + "\n")
        return
    lines = [
        "[ERROR] %s: %s" % (error["errorType"], error["errorMessage"])
        if error["errorMessage"]
        else "[ERROR] " + error["errorType"]
    ]
    lines.append("Traceback (most recent call last):")
    for element in error["stackTrace"]:
        for line in element.splitlines() or [""]:
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    sys.stdout.write(ERROR_LINE_END.join(lines).replace("\n", ERROR_LINE_END) + "\n")


def describe(request_id=""):
    """The payload of the exception that is being handled, without our own frames at its top."""
    kind, value, tb = sys.exc_info()
    if isinstance(value, Fault):
        return error_payload(value.message, value.kind, value.trace, request_id)
    frames = traceback.extract_tb(tb)
    for index, frame in enumerate(frames):
        if "/bootstrap.py" not in frame.filename:
            frames = frames[index:]
            break
    plain = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in frames]  # without columns
    return error_payload(str(value), kind.__name__, traceback.format_list(plain), request_id)


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
    template = importlib.import_module("template") if head.get("snapshot") else None
    sys.modules.pop("template", None)
    prepare(head)
    function = initialise(channel, lambda: load(head["handler"]))
    if template is not None:
        initialise(channel, lambda: template.before_snapshot(THIS))
    flush()
    channel.send({"op": "init"})
    if template is not None:
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
