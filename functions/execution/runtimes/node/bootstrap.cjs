// The Node.js runtime inside a sandbox: imports the handler, then serves one invocation at a time.
//
// Speaks frames (length of a JSON head, length of a body, both) on descriptor 3, as `../python/bootstrap.py` describes,
// and for streamed responses {"op": "chunk", "id", "type"} + data, as many as there are, before an empty "done".
// Between invocations it blocks in read(2): nothing of the handler's runs then, as in a frozen environment on AWS.
// Error payloads and log lines are those of AWS's own Node.js runtime client.
// CommonJS, because the loader of ES modules costs each idle process 0.8 MiB: it is loaded with the first such handler.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const util = require("node:util");
const Module = require("node:module");
const { pathToFileURL } = require("node:url");

const CONTROL = 3;
const LOG = 1;
const MAX_RESPONSE = 6 * 1024 * 1024 + 100;
const CHUNK = 256 * 1024; // bytes of a streamed response in one frame
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const PRELUDE = Symbol("prelude");
const NEVER_SETTLED =
  "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was " +
  "never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes";
const state = { id: undefined, tenant: undefined, finish: null, streaming: null, json: null, least: 0 };
const out = { control: CONTROL, log: LOG };
// Since Node.js 24 AWS's runtime knows promises and values only. What the function was written for decides, not what
// serves it.
const isModern = () => Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1]) >= 24;

// --- frames ---------------------------------------------------------------------------------------------------------

function readExactly(size) {
  const buffer = Buffer.allocUnsafe(size);
  for (let filled = 0; filled < size; ) {
    const count = fs.readSync(CONTROL, buffer, filled, size - filled, null);
    if (count === 0) process.reallyExit(0); // the executor has gone
    filled += count;
  }
  return buffer;
}

function receive() {
  const sizes = readExactly(8);
  const head = sizes.readUInt32BE(0);
  const data = readExactly(head + sizes.readUInt32BE(4));
  return [JSON.parse(data.toString("utf8", 0, head)), data.subarray(head)];
}

function writeAll(fd, buffer) {
  for (let written = 0; written < buffer.length; ) {
    try {
      written += fs.writeSync(fd, buffer, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      // Somebody made the pipe non-blocking (process.stdout does): wait for the reader.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function send(head, body = "") {
  const text = Buffer.from(JSON.stringify(head));
  const content = Buffer.from(body);
  const sizes = Buffer.allocUnsafe(8);
  sizes.writeUInt32BE(text.length, 0);
  sizes.writeUInt32BE(content.length, 4);
  writeAll(out.control, Buffer.concat([sizes, text, content]));
}

// --- log ------------------------------------------------------------------------------------------------------------

function log(level, ...values) {
  if (state.json && state.json.LEVELS.indexOf(level) < state.least) return;
  const time = new Date().toISOString();
  const line = state.json
    ? state.json.format(time, level, state, values)
    : `${time}\t${state.id}\t${level}\t${util.format(...values)}`;
  try {
    writeAll(out.log, Buffer.from(line.replaceAll("\n", "\r") + "\n"));
  } catch {
    // The handler closed the descriptor: as with console, output is lost and nothing else.
  }
}

function patchConsole() {
  const levels = { log: "INFO", debug: "DEBUG", info: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
  for (const [name, level] of Object.entries(levels)) {
    console[name] = (message, ...values) => log(level, message, ...values);
  }
  console.trace = (...values) => {
    const trace = { name: "Trace", message: util.format(...values) };
    Error.captureStackTrace(trace, console.trace);
    log("TRACE", trace.stack);
  };
}

function logError(label, error) {
  const shown = error instanceof Error ? error : new Error(error instanceof Nothing ? error.value : error);
  if (state.json) log("ERROR", shown);
  else log("ERROR", label, formatted(shown));
}

// --- errors ---------------------------------------------------------------------------------------------------------

class Fault extends Error {
  constructor(kind, reason) {
    super(reason instanceof Error ? String(reason) : reason);
    // Neither is among the members that a log line shows; AWS has a class for each kind.
    Object.defineProperties(this, { name: { value: kind }, constructor: { value: { name: kind.replace("Runtime.", "") } } });
    Error.captureStackTrace(this, Fault); // again: with this name
  }
}

// What was thrown and is nothing: null or undefined.
class Nothing {
  constructor(value) {
    this.value = value;
  }
}

function failing(error) {
  return error ?? (isModern() ? new Nothing(error) : "handled");
}

function payloadOf(error) {
  if (error instanceof Nothing) return { errorType: typeof error.value, errorMessage: String(error.value), trace: [] };
  const isLike = !isModern() && error && error.name && error.message !== undefined && error.stack;
  if (util.types.isNativeError(error) || isLike) {
    return {
      errorType: String(error.name).replaceAll("\x7F", "%7F"),
      errorMessage: String(error.message).replaceAll("\x7F", "%7F"),
      trace: String(error.stack).replaceAll("\x7F", "%7F").split("\n"),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

// Errors at any depth.
function formatted(error) {
  try {
    return `\t${JSON.stringify(error, (_key, value) => (value instanceof Error ? membersOf(value) : value))}`;
  } catch {
    return `\t${JSON.stringify(payloadOf(error))}`;
  }
}

function membersOf(error) {
  const members = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  if (typeof error.stack === "string") members.stack = error.stack.split("\n");
  return members;
}

function escape(kind, label, reason, promise) {
  const error = kind ? Object.assign(new Fault(kind, reason), { reason, promise }) : reason;
  logError(label, error);
  const payload = payloadOf(error);
  const head = state.id === undefined ? { op: "init" } : { op: "done", id: state.id };
  send({ ...head, error: payload.errorType, last: true }, JSON.stringify(payload));
  process.reallyExit(kind ? 128 : 129);
}

// --- streamed responses ---------------------------------------------------------------------------------------------

// What AWS's runtime offers to handlers under this global name.
const awslambda = {
  get SnapshotRestore() {
    return require("./snapshot_restore.cjs").SnapshotRestore;
  },
  streamifyResponse(handler, options) {
    handler[STREAMING] = "response";
    if (typeof options?.highWaterMark === "number") handler[HIGH_WATER_MARK] = options.highWaterMark;
    return handler;
  },
  HttpResponseStream: {
    // Status, headers and cookies go before the body: JSON, then eight zeros.
    from(stream, prelude) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      stream[PRELUDE] = Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]);
      return stream;
    },
  },
};

// The writable that a streaming handler gets; `isOpen` says whether its invocation goes on. Frames are written at once:
// a caller that reads slowly holds the handler up here, so nothing piles up in memory.
function responseStream(id, highWaterMark, isOpen) {
  const { Writable } = require("node:stream");
  let type = "application/octet-stream";
  let begun = false;
  const push = (data) => {
    for (let start = 0; isOpen() && start < data.length; start += CHUNK) {
      send({ op: "chunk", id, type }, data.subarray(start, start + CHUNK));
    }
  };
  const begin = () => {
    if (!begun && stream[PRELUDE]) push(stream[PRELUDE]);
    begun = true;
  };
  const stream = new Writable({
    highWaterMark,
    write(chunk, _encoding, done) {
      begin();
      push(chunk);
      done();
    },
    final(done) {
      begin();
      done();
    },
  });
  const write = stream.write;
  stream.write = (chunk, ...rest) => {
    const isData = typeof chunk === "string" || ArrayBuffer.isView(chunk);
    return write.call(stream, isData ? chunk : JSON.stringify(chunk), ...rest);
  };
  stream.setContentType = (value) => {
    if (begun) throw new Fault("InvalidStreamingOperation", "Cannot set content-type, too late.");
    type = value;
  };
  return stream;
}

function invokeStreaming(handler, event, context, close) {
  const stream = responseStream(context.awsRequestId, handler[HIGH_WATER_MARK], () => state.streaming === stream);
  state.streaming = stream;
  state.empty = () => close(null, STREAMING); // nothing is left to do: the stream will never end
  const ended = new Promise((resolve, reject) => stream.on("finish", resolve).on("error", reject));
  ended.catch(() => {}); // a handler that throws at once leaves nobody to hear it
  const result = handler(event, stream, context);
  if (typeof result?.then !== "function") {
    throw new Fault("InvalidStreamingOperation", "Streaming does not support non-async handlers.");
  }
  Promise.all([result, ended]).then(
    () => close(null, STREAMING),
    (error) => close(failing(error)),
  );
}

// --- the handler ----------------------------------------------------------------------------------------------------

async function importFile(file) {
  const extension = ["", ".js", ".mjs", ".cjs"].find((candidate) => fs.existsSync(file + candidate));
  const require = Module.createRequire(pathToFileURL("/var/task/index.js"));
  if (extension === undefined) {
    const name = path.relative("/var/task", file);
    return require(Module.createRequire("/var/runtime/index.mjs").resolve(name, { paths: ["/var/task"] }));
  }
  if (extension === ".mjs" || (extension === ".js" && isModule(path.dirname(file)))) {
    return import(pathToFileURL(file + extension).href);
  }
  return require(file + extension);
}

function isModule(directory) {
  for (let place = directory; place !== "/" && !place.endsWith("/node_modules"); place = path.dirname(place)) {
    const file = path.join(place, "package.json");
    if (!fs.existsSync(file)) continue;
    return JSON.parse(fs.readFileSync(file, "utf8")).type === "module";
  }
  return false;
}

async function load(handler) {
  const base = path.basename(handler);
  const directory = handler.slice(0, handler.length - base.length);
  const match = base.match(/^([^.]*)\.(.*)$/);
  if (handler.includes("..")) {
    const advice = "Use absolute paths when specifying root directories in handler names.";
    throw new Fault("Runtime.MalformedHandlerName", `'${handler}' is not a valid handler name. ${advice}`);
  }
  if (match === null) throw new Fault("Runtime.MalformedHandlerName", "Bad handler");
  let module;
  try {
    module = await importFile(path.resolve("/var/task", directory, match[1]));
  } catch (error) {
    if (error instanceof SyntaxError) {
      const fault = new Fault("Runtime.UserCodeSyntaxError", error);
      throw isModern() ? Object.assign(fault, { stack: error.stack }) : fault;
    }
    if (error?.code === "MODULE_NOT_FOUND") throw new Fault("Runtime.ImportModuleError", error);
    throw error;
  }
  const find = (root) => match[2].split(".").reduce((value, name) => value && value[name], root);
  const found = find(module) ?? find(module.default);
  if (found === undefined || found === null) {
    throw new Fault("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  }
  if (typeof found !== "function") throw new Fault("Runtime.HandlerNotFound", `${handler} is not a function`);
  if (isModern() && found.length >= 3 && !found[STREAMING]) {
    throw new Fault(
      "Runtime.CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to " +
        "modify this function to use a supported handler signature to use Node.js 24 or later. For more information see " +
        "https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    );
  }
  return found;
}

function contextOf(head) {
  const environment = process.env;
  const context = {
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: head.client_context ? JSON.parse(head.client_context) : undefined,
    identity: head.cognito ?? undefined,
    invokedFunctionArn: head.arn,
    awsRequestId: head.id,
    tenantId: head.tenant,
    getRemainingTimeInMillis: () => Math.max(head.deadline_ms - Date.now(), 0),
  };
  if (isModern()) return Object.assign(context, { xRayTraceId: head.trace ?? "" });
  const done = (error, result) => state.finish?.(error, result, true);
  return Object.assign(context, {
    callbackWaitsForEmptyEventLoop: true,
    done,
    succeed: (result) => done(null, result),
    fail: (error) => done(failing(error)),
  });
}

// --- serving --------------------------------------------------------------------------------------------------------

function answer(id, error, result) {
  if (error !== undefined && error !== null) {
    logError("Invoke Error", error);
    const payload = payloadOf(error);
    send({ op: "done", id, error: payload.errorType }, JSON.stringify(payload));
    return;
  }
  if (result === STREAMING) {
    send({ op: "done", id });
    return;
  }
  let text;
  try {
    text = JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch {
    const message = "Unable to stringify response body";
    answer(id, isModern() ? new Fault("Runtime.JSONStringifyError", message) : new Error(message));
    return;
  }
  const body = Buffer.from(text);
  if (body.length > MAX_RESPONSE) send({ op: "done", id, size: body.length });
  else send({ op: "done", id }, body);
}

// What handlers were methods of before Node.js 24: stack traces name it.
class Runtime {
  constructor(handler) {
    this.handler = handler;
  }
}

function invoke(handler, head, body) {
  let finished = false;
  let waiting = null; // the result of a callback that waits for the event loop to be empty
  const close = (error, result) => {
    if (finished) return;
    finished = true;
    state.finish = null;
    state.streaming = null;
    answer(head.id, error, result);
    setImmediate(next, handler);
  };
  let event;
  let context;
  try {
    event = JSON.parse(body.toString("utf8"));
    context = contextOf(head);
  } catch (error) {
    close(error);
    return;
  }
  if (handler[STREAMING]) {
    try {
      invokeStreaming(handler, event, context, close);
    } catch (error) {
      close(error);
    }
    return;
  }
  state.finish = (error, result, atOnce) => {
    if (finished || waiting) return;
    if (atOnce || (error !== undefined && error !== null) || !context.callbackWaitsForEmptyEventLoop) close(error, result);
    else waiting = [error, result];
  };
  // Called when nothing is left to do: the handler will never say more.
  const isAsync = isModern() || handler.constructor?.name === "AsyncFunction";
  state.empty = () => close(...(waiting ?? (isAsync ? [new Fault("Runtime.NodeJsExit", NEVER_SETTLED)] : [null, null])));
  try {
    const result = isModern()
      ? handler(event, context)
      : new Runtime(handler).handler(event, context, (error, value) => state.finish?.(error, value, false));
    if (typeof result?.then === "function") {
      result.then(
        (value) => close(null, value),
        (error) => close(failing(error)),
      );
    } else if (isModern()) {
      close(null, result);
    }
  } catch (error) {
    close(failing(error));
  }
}

function next(handler) {
  const [head, body] = receive();
  state.id = head.id;
  state.tenant = head.tenant;
  if (head.trace) process.env._X_AMZN_TRACE_ID = head.trace;
  else delete process.env._X_AMZN_TRACE_ID;
  invoke(handler, head, body);
}

// Do once what init and the first invocation will do, while nobody waits: it is compiled when it is first done.
async function rehearse() {
  const nowhere = fs.openSync("/dev/null", "w");
  Object.assign(out, { control: nowhere, log: nowhere });
  const handler = await load("/var/runtime/rehearsal.handler");
  const [head, event] = [{ id: "", deadline_ms: 0 }, JSON.parse(JSON.stringify({ key: [1, 2.5, "x", null] }))];
  answer("", null, await handler(event, contextOf(head)));
  delete require.cache["/var/runtime/rehearsal.js"];
  Object.assign(out, { control: CONTROL, log: LOG });
  fs.closeSync(nowhere);
}

async function become() {
  send({ op: "ready" });
  await rehearse();
  const [head] = receive();
  process.chdir("/var/task"); // again: the code has been put over what was there
  setVariables(head.environment);
  Module._initPaths(); // NODE_PATH is read once at the start otherwise
}

// Only what differs: without TZ, if only for a moment, V8 looks for the machine's time zone, which takes it 50 ms.
function setVariables(variables) {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(variables, name)) delete process.env[name];
  for (const [name, value] of Object.entries(variables)) if (process.env[name] !== value) process.env[name] = value;
}

// SnapStart: init is over, and some time later somebody needs it.
async function waitForUse() {
  const hooks = require("./snapshot_restore.cjs");
  await tellingFailure("Runtime.BeforeSnapshotError", hooks.beforeSnapshot);
  send({ op: "init" });
  const [head] = receive();
  setVariables(head.environment);
  await tellingFailure("Runtime.AfterRestoreError", hooks.afterRestore);
}

// The end of the process when `step` fails.
async function tellingFailure(kind, step) {
  try {
    return await step();
  } catch (error) {
    const shown = kind ? Object.assign(new Fault(kind, error), { stack: error?.stack }) : error;
    logError("Uncaught Exception", shown);
    const payload = payloadOf(shown);
    send({ op: "init", error: payload.errorType }, JSON.stringify(payload));
    process.reallyExit(1);
  }
}

async function main() {
  patchConsole();
  // A process that starts late has its function in the environment.
  if (!process.env._HANDLER) await become();
  if (process.env.AWS_LAMBDA_LOG_FORMAT === "JSON") {
    state.json = require("./json_log.cjs");
    state.least = state.json.LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL);
  }
  if (!["1", "true"].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) globalThis.awslambda = awslambda;
  process.on("uncaughtException", (error) => escape("", "Uncaught Exception", error));
  process.on("unhandledRejection", (reason, promise) => {
    escape("Runtime.UnhandledPromiseRejection", "Unhandled Promise Rejection", reason, promise);
  });
  process.on("beforeExit", () => state.empty?.());
  const handler = await tellingFailure("", () => load(process.env._HANDLER));
  if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === "snap-start") await waitForUse();
  send({ op: "init" });
  next(handler);
}

main();
