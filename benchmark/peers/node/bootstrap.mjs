// A minimal Lambda runtime for the handler in index.mjs. On Lambda, the managed runtime does this;
// outside of it, npm's aws-lambda-ric does, but that compiles libcurl and a client in C++ when it
// is installed, for which it needs CMake, Autotools and minutes. It does no more than this loop: it
// asks for an event, has it handled, and posts the answer, over one connection.

import { Agent, request } from "node:http";

import { handler } from "./index.mjs";

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
// One process handles one event at a time.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, path, body = "") =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const options = { agent, hostname, port, method, headers };
    request({ ...options, path: `/2018-06-01/runtime/invocation/${path}` }, async (response) => {
      try {
        const text = (await response.setEncoding("utf8").toArray()).join("");
        resolve({ headers: response.headers, text });
      } catch (error) {
        reject(error);
      }
    })
      .on("error", reject)
      .end(body);
  });

for (;;) {
  const { headers, text } = await call("GET", "next");
  const awsRequestId = headers["lambda-runtime-aws-request-id"];
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const context = { awsRequestId, getRemainingTimeInMillis: () => deadline - Date.now() };
  try {
    const answer = await handler(JSON.parse(text), context);
    await call("POST", `${awsRequestId}/response`, JSON.stringify(answer));
  } catch ({ name, message, stack }) {
    console.error(stack);
    const error = { errorType: name, errorMessage: message, stackTrace: stack.split("\n") };
    await call("POST", `${awsRequestId}/error`, JSON.stringify(error));
  }
}
