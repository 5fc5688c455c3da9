// The life of a function by the AWS SDK for JavaScript. Takes {endpoint, role, runtime, handler, zip (base64)} on
// stdin, keys and region from the environment; writes what it was answered as JSON.
import { readFileSync } from "node:fs";
import * as lambda from "@aws-sdk/client-lambda";

const given = JSON.parse(readFileSync(0, "utf8"));
const client = new lambda.LambdaClient({ endpoint: given.endpoint, maxAttempts: 1 });
const FunctionName = given.name;
const text = (bytes) => new TextDecoder().decode(bytes);

const made = await client.send(
  new lambda.CreateFunctionCommand({
    FunctionName,
    Runtime: given.runtime,
    Role: given.role,
    Handler: given.handler,
    Code: { ZipFile: Buffer.from(given.zip, "base64") },
    Environment: { Variables: { GREETING: "höher & weiter" } },
    Tags: { kind: "client" },
  }),
);
await lambda.waitUntilFunctionActiveV2({ client, maxWaitTime: 30, minDelay: 1 }, { FunctionName });

const called = await client.send(
  new lambda.InvokeCommand({ FunctionName, Payload: JSON.stringify({ n: 1 }), LogType: "Tail" }),
);
const failed = await client.send(new lambda.InvokeCommand({ FunctionName, Payload: JSON.stringify({ fail: true }) }));
const queued = await client.send(new lambda.InvokeCommand({ FunctionName, InvocationType: "Event", Payload: "{}" }));

let streamed = "";
let completed;
if (given.streams) {
  const answer = await client.send(
    new lambda.InvokeWithResponseStreamCommand({ FunctionName, Payload: JSON.stringify({ n: 2 }) }),
  );
  for await (const event of answer.EventStream) {
    if (event.PayloadChunk) streamed += text(event.PayloadChunk.Payload);
    if (event.InvokeComplete) completed = event.InvokeComplete;
  }
}

const updated = await client.send(
  new lambda.UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 7, MemorySize: 256 }),
);
await lambda.waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 1 }, { FunctionName });
const published = await client.send(new lambda.PublishVersionCommand({ FunctionName, Description: "first" }));
const alias = await client.send(
  new lambda.CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: published.Version }),
);
const url = await client.send(new lambda.CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }));
const shown = await client.send(new lambda.GetFunctionCommand({ FunctionName, Qualifier: "live" }));
const names = [];
for await (const page of lambda.paginateListFunctions({ client, pageSize: 1 }, {})) {
  names.push(...page.Functions.map((each) => each.FunctionName));
}

await client.send(new lambda.DeleteFunctionCommand({ FunctionName }));
let error;
try {
  await client.send(new lambda.GetFunctionCommand({ FunctionName }));
} catch (caught) {
  error = {
    isOfItsClass: caught instanceof lambda.ResourceNotFoundException,
    name: caught.name,
    message: caught.message,
    status: caught.$metadata.httpStatusCode,
    requestId: caught.$metadata.requestId,
  };
}

process.stdout.write(
  JSON.stringify({
    made,
    called: { ...called, Payload: text(called.Payload), LogResult: atob(called.LogResult) },
    failed: { ...failed, Payload: text(failed.Payload) },
    queued: { ...queued, Payload: undefined },
    streamed,
    completed,
    updated,
    published,
    alias,
    url,
    shown,
    names,
    error,
  }),
);
