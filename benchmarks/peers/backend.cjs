// A mock of an OpenAPI document by openapi-backend on node:http: validates, and answers the examples.
//
//     node backend.cjs NODE_MODULES DOCUMENT PORT

const [modules, file, port] = process.argv.slice(2);
const http = require("node:http");
const fs = require("node:fs");
const { OpenAPIBackend } = require(`${modules}/openapi-backend`);

const definition = JSON.parse(fs.readFileSync(file, "utf8"));
const api = new OpenAPIBackend({ definition, quick: true, ajvOpts: { strict: false, formats: { uri: true } } });

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

for (const path of Object.values(definition.paths))
  for (const operation of Object.values(path)) {
    const body = JSON.stringify(operation.responses["200"].content?.["application/json"]?.example ?? {});
    api.register(operation.operationId, (context, request, response) => answer(response, 200, body));
  }
api.register({
  validationFail: (context, request, response) => answer(response, 400, JSON.stringify({ reason: "INVALID_REQUEST_BODY" })),
  unauthorizedHandler: (context, request, response) => answer(response, 400, JSON.stringify({ reason: "MISSING_API_KEY" })),
  notFound: (context, request, response) => answer(response, 404, "{}"),
});
api.registerSecurityHandler("key", (context) => /^Bearer .+/.test(context.request.headers.authorization ?? ""));

api.init().then(() =>
  http
    .createServer((request, response) => {
      const pieces = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("end", () => {
        const [path, query] = request.url.split("?");
        const body = pieces.length ? Buffer.concat(pieces).toString() : undefined;
        api
          .handleRequest({ method: request.method, path, query, body, headers: request.headers }, request, response)
          .catch((error) => answer(response, 500, JSON.stringify({ reason: String(error) })));
      });
    })
    .listen(Number(port), "127.0.0.1"),
);
