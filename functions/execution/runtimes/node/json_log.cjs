// Lines of the console as JSON, for functions whose log has that format: the members that AWS's Node.js runtime writes.
// Source: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
"use strict";

const util = require("node:util");

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

function described(error) {
  return {
    errorType: error.constructor?.name ?? "UnknownError",
    errorMessage: error.message,
    stackTrace: typeof error.stack === "string" ? error.stack.split("\n") : error.stack,
  };
}

function format(timestamp, level, { id, tenant }, values) {
  const line = { timestamp, level, requestId: id };
  if (tenant !== undefined && tenant !== null) line.tenantId = tenant;
  if (values.length === 1) {
    line.message = values[0];
    try {
      return JSON.stringify(line, (_, value) => (value instanceof Error ? { ...described(value), ...value } : value));
    } catch {
      line.message = util.format(values[0]); // a circle, a BigInt
      return JSON.stringify(line);
    }
  }
  line.message = util.format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error) Object.assign(line, described(error));
  return JSON.stringify(line);
}

module.exports = { LEVELS, format };
