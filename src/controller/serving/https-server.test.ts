import { afterEach, expect, test } from "bun:test";
import { connect, type TLSSocket } from "node:tls";
import { Hono } from "hono";
import type { SecureApp } from "../context/secure-app.ts";
import { issueServing, makeAuthority } from "./certificates.ts";
import { type HttpsServer, listenHttps } from "./https-server.ts";
import { SERVING_LIMITS, type ServingLimits } from "./limits.ts";

/** Time-outs are shortened to what ends within a test; none is measured. */

const QUICK = { handshakeMs: 200, headersMs: 200, bodyMs: 200, idleMs: 200 };
/** Longer than any test. */
const NEVER = { handshakeMs: 1e8, headersMs: 1e8, bodyMs: 1e8, answerMs: 1e8, idleMs: 1e8 };

const lifetime = { from: new Date(Date.now() - 864e5), until: new Date(Date.now() + 864e5) };
const serving = await issueServing(await makeAuthority(lifetime), ["localhost"], lifetime);

/** Called when a request has come that is never answered. */
let entered = () => undefined as unknown;
let server: HttpsServer | undefined;
afterEach(() => server?.stop());

async function serve(limits: Partial<ServingLimits>, mayBring = true): Promise<HttpsServer> {
  const app: SecureApp = new Hono();
  app.get("/healthz", (request) => request.text("ok\n"));
  app.post("/held", () => new Promise<Response>(() => entered()));
  app.post("/length", async (request) => request.text(`${(await request.req.text()).length} bytes\n`));
  const served = { app, mayBring: () => mayBring, limits: { ...SERVING_LIMITS, ...NEVER, ...limits } };
  server = await listenHttps("127.0.0.1:0", served, serving);
  return server;
}

/** A client of which is told what came until the server closed the connection. */
async function client({ port }: HttpsServer): Promise<{ socket: TLSSocket; closed: Promise<string> }> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  await new Promise<void>((resolve) => socket.on("secureConnect", resolve));
  return { socket, closed };
}

const post = (length: number) => `POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

test("K142: a client that never shakes hands is closed", async () => {
  const { port } = await serve({ handshakeMs: 200 });
  const closed = new Promise<string>((resolve) => {
    void Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { data: () => undefined, close: () => resolve("closed") },
    });
  });
  expect(await closed).toBe("closed");
});

const UNFINISHED: Readonly<Record<string, readonly [keyof typeof QUICK, string]>> = {
  "asks nothing": ["headersMs", ""],
  "never ends its headers": ["headersMs", "GET /healthz HTTP/1.1\r\nHost: a\r\n"],
  "never ends its body": ["bodyMs", `${post(100)}abc`],
};

for (const [title, [limit, text]] of Object.entries(UNFINISHED)) {
  test(`K142: a client that ${title} is closed`, async () => {
    const { closed, socket } = await client(await serve({ [limit]: QUICK[limit] }));
    socket.write(text);
    expect(await closed).toBe("");
  });
}

test("K142: a connection serves several requests, and is closed when it asks no more", async () => {
  const { closed, socket } = await client(await serve({ idleMs: QUICK.idleMs }));
  socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.write(`${post(5)}hello`);
  const text = await closed;
  expect(text).toContain("ok\n");
  expect(text).toContain("5 bytes\n");
});

test("K140: there are never more connections than the limit", async () => {
  const listening = await serve({ connections: 5 });
  const clients = await Promise.all(Array.from({ length: 5 }, () => client(listening)));
  const last = await client(listening);
  await Promise.race(clients.map(({ closed }) => closed));
  last.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect(await last.closed).toContain("ok\n");
});

test("K141: too large a body is refused with 413, and its connection closed", async () => {
  const { closed, socket } = await client(await serve({ body: 1_000 }));
  socket.write(`${post(1_001)}abc`);
  expect(await closed).toStartWith("HTTP/1.1 413");
});

test("K141: a body without a length is refused when it is too large", async () => {
  const { closed, socket } = await client(await serve({ body: 1_000 }));
  socket.write("POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let sent = 0; sent < 1_100; sent += 100) socket.write(`64\r\n${"x".repeat(100)}\r\n`);
  expect(await closed).toStartWith("HTTP/1.1 413");
});

test("K141: the body of a client that may bring none is never read, and its connection closed", async () => {
  const { closed, socket } = await client(await serve({}, false));
  socket.write(`${post(1_000_000)}abc`);
  const text = await closed;
  expect(text).toStartWith("HTTP/1.1 200");
  expect(text).toContain("0 bytes\n");
});

test("K141: the room of a body is free again when its client goes before the answer", async () => {
  const listening = await serve({ smallBody: 0, bodies: 20_000 });
  const first = await client(listening);
  const asked = new Promise<void>((resolve) => (entered = resolve));
  first.socket.write(`${post(8_000).replace("/length", "/held")}${"x".repeat(8_000)}`);
  await asked;
  first.socket.destroy();
  await first.closed;
  // Until the server has noticed, it may say 503.
  for (let text = ""; !text.includes("8000 bytes"); ) {
    const second = await client(listening);
    second.socket.write(
      `${post(8_000).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")}${"x".repeat(8_000)}`,
    );
    text = await second.closed;
  }
});

test("K142: a second request before the answer to the first closes the connection", async () => {
  const { closed, socket } = await client(await serve({}));
  socket.write(`${post(5)}hello`.repeat(3));
  await closed;
});
