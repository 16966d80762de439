import { afterEach, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { pathOf } from "../../../kubernetes/api/path.ts";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";
import { type Sending, send } from "./requests.ts";
import { kindOf } from "./wire.ts";

const path = pathOf(kindOf("storerecords"), { name: "meta" });
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
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
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const credentials = {
    server: `http://127.0.0.1:${port}`,
    apply: async () => ({ headers: {}, tls: {} }),
    examined: async (tls: object) => tls,
    lookAtCertificate: async () => undefined,
  };
  return { credentials: credentials as unknown as Credentials, seen };
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
