import { afterEach, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import type { CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { pathOf } from "../../../kubernetes/api/path.ts";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";
import { EMPTY } from "../objects/content.ts";
import type { ObjectId } from "../objects/names.ts";
import type { Objects, Was } from "../objects/objects.ts";
import { objectsOf } from "./objects-of-api.ts";
import { type Sending, send } from "./requests.ts";
import { kindOf } from "./wire.ts";

const path = pathOf(kindOf("storerecords"), { name: "meta" });
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
const META: ObjectId = { resource: "storerecords", name: "meta" };
const WAS: Was = { id: META, uid: "u", version: "1", written: [] };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers one request, and then ends the connection and itself: it dies in mid-write. */
async function dyingServer(): Promise<{ credentials: Credentials; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((connection) => {
    connection.on("error", () => undefined);
    connection.on("data", (data) => {
      seen.push(data.toString().split(" ")[0] ?? "");
      if (seen.length === 1) connection.write(ANSWER);
      else {
        server.close();
        connection.destroy();
      }
    });
  });
  return { credentials: await listening(server), seen };
}

async function listening(server: Server): Promise<Credentials> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const credentials = {
    server: `http://127.0.0.1:${port}`,
    apply: async () => ({ headers: {}, tls: {} }),
    examined: async (tls: object) => tls,
    lookAtCertificate: async () => undefined,
    doubt: () => undefined,
    source: "the test",
  };
  return credentials as unknown as Credentials;
}

const writes: readonly Sending[] = [
  { method: "PUT", body: {} },
  { method: "DELETE", body: {} },
  { method: "POST", body: {} },
];

test.each(writes)("K250: a server that dies in mid-write has perhaps written: %j", async (sending) => {
  const { credentials, seen } = await dyingServer();
  const options = () => ({ deadline: performance.now() + 5_000 });
  await send(credentials, path, options(), {}, []);
  const failure = await send(credentials, path, options(), sending, []).catch((error) => error);
  expect(seen).toEqual(["GET", sending.method ?? ""]);
  expect(failure.kind).toBe("unknown-outcome");
});

const NOT_JSON = (status: string, text: string) =>
  `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

/** A server that answers everything so. */
async function answering(answer: string): Promise<Credentials> {
  const server = createServer((connection) => {
    connection.on("error", () => undefined);
    connection.on("data", () => connection.end(answer));
  });
  return listening(server);
}

const asking: readonly [string, (objects: Objects, options: CallOptions) => Promise<unknown>][] = [
  ["GET", (objects, options) => objects.get(META, options)],
  ["POST", (objects, options) => objects.create({ id: META, content: EMPTY, written: "w" }, options)],
  ["PUT", (objects, options) => objects.replace(WAS, { id: META, content: EMPTY, written: "w" }, options)],
  ["DELETE", (objects, options) => objects.remove(WAS, options)],
  ["listing", (objects, options) => objects.page({ resource: META.resource, from: "", limit: 1 }, options)],
  [
    "outlines",
    (objects, options) => objects.outlines({ resource: META.resource, from: "", limit: 1 }, options),
  ],
  ["search", (objects, options) => objects.labelled(META.resource, { name: "node", value: "x" }, options)],
  [
    "watch",
    async (objects) => {
      const watch = { signal: AbortSignal.timeout(5_000), opened: () => undefined };
      for await (const _ of objects.watch({ resource: META.resource }, "1", watch)) return;
    },
  ],
];

test.each(asking)(
  "K330: without definitions a %s is refused by words for it, and is never 'there is no such object'",
  async (_, ask) => {
    const groupless = NOT_JSON("404 Not Found", "404 page not found\n");
    const status = {
      kind: "Status",
      code: 404,
      reason: "NotFound",
      details: {},
      message: "the server could not find it",
    };
    const otherGroup = NOT_JSON("404 Not Found", JSON.stringify(status));
    for (const answer of [groupless, otherGroup]) {
      const credentials = await answering(answer);
      const options = { deadline: performance.now() + 5_000 };
      const failure = await ask(objectsOf(credentials), options).catch((error) => error);
      expect(failure).toMatchObject({
        kind: "refused",
        message: `the API server at ${credentials.server} does not know kube-ipam's records (404): the definitions addressrecords.store.kube-ipam.io and storerecords.store.kube-ipam.io are not installed`,
        remedy: expect.stringContaining("kubectl apply --server-side -f deploy/crds/store.yaml"),
      });
    }
  },
);

test.each(asking)("K330: another server's page is no answer to a %s", async (_, ask) => {
  const credentials = await answering(NOT_JSON("404 Not Found", "<h1>404 Not Found</h1>"));
  const failure = await ask(objectsOf(credentials), { deadline: performance.now() + 5_000 }).catch(
    (error) => error,
  );
  expect(["unavailable", "unknown-outcome"]).toContain((failure as StoreFailure).kind);
});

test("K331: a server that cannot be reached, or takes no credentials, is said in words for people", async () => {
  const refusing = await answering(NOT_JSON("401 Unauthorized", "{}"));
  const options = { deadline: performance.now() + 5_000 };
  await expect(objectsOf(refusing).get(META, options)).rejects.toMatchObject({
    kind: "refused",
    message: `the API server at ${refusing.server} does not accept the credentials in the test (401)`,
  });
  for (const server of servers.splice(0)) server.close();
  await expect(objectsOf(refusing).get(META, options)).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/cannot be reached: .*Unable to connect$/),
  });
});
