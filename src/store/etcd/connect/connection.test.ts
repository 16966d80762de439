import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import fc from "fast-check";
import { frame } from "../wire/grpc-frames.ts";
import { RANGE, WATCH } from "../wire/methods.ts";
import { type Connection, openConnection } from "./connection.ts";

/** Against a server that others have made, Node.js' own: HTTP/2 as the client speaks it is HTTP/2. */

const OPTIONS = { headers: {}, timeoutMs: 5_000 };
const HEADERS = { ":status": 200, "content-type": "application/grpc" };
const open: { server: Http2Server; connection: Connection }[] = [];

afterEach(() => {
  for (const { server, connection } of open.splice(0)) {
    connection.close();
    server.close();
  }
});

async function against(
  answer: (stream: ServerHttp2Stream, body: Uint8Array) => void,
  settings: Parameters<typeof createServer>[0] = {},
  pinged: () => void = () => undefined,
) {
  const server = createServer(settings);
  server.on("session", (session) => session.on("ping", pinged));
  server.on("stream", (stream: ServerHttp2Stream) => {
    const parts: Uint8Array[] = [];
    stream.on("data", (part: Uint8Array) => parts.push(part));
    stream.on("end", () => answer(stream, Buffer.concat(parts)));
    stream.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const endpoint = `http://127.0.0.1:${port}`;
  const connection = await openConnection(endpoint, undefined, 3_000, new AbortController().signal);
  open.push({ server, connection });
  return connection;
}

/** An answer whose count says how many bytes came. */
function tell(
  stream: ServerHttp2Stream,
  count: number,
  status: Record<string, string> = { "grpc-status": "0" },
) {
  stream.respond(HEADERS, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(status));
  stream.end(frame(RANGE.answer.encode(RANGE.answer.fromPartial({ count: BigInt(count) })).finish()));
}

const counted = async (connection: Connection, bytes: number) =>
  Number((await connection.call(RANGE, { key: new Uint8Array(bytes) }, OPTIONS)).count);

describe("K215: a connection", () => {
  test("sends a request that is larger than the server's window, and takes an answer larger than ours", async () => {
    const large = 3 << 20;
    const connection = await against(
      (stream, body) => {
        stream.respond(HEADERS, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        const kvs = [{ key: new Uint8Array(large) }];
        stream.end(
          frame(RANGE.answer.encode(RANGE.answer.fromPartial({ count: BigInt(body.length), kvs })).finish()),
        );
      },
      { settings: { initialWindowSize: 70_000 } },
    );
    for (let turn = 0; turn < 4; turn += 1) {
      const answer = await connection.call(RANGE, { key: new Uint8Array(large) }, OPTIONS);
      expect(Number(answer.count)).toBeGreaterThan(large);
      expect(answer.kvs[0]?.key.length).toBe(large);
    }
  });

  test("has no more requests under way than the server takes; the others wait", async () => {
    let now = 0;
    let most = 0;
    const connection = await against(
      async (stream, body) => {
        now += 1;
        most = Math.max(most, now);
        await Bun.sleep(2);
        now -= 1;
        tell(stream, body.length);
      },
      { settings: { maxConcurrentStreams: 3 } },
    );
    const sizes = Array.from({ length: 30 }, (_, size) => size);
    const answers = await Promise.all(sizes.map((size) => counted(connection, size)));
    expect(answers.map((answer, size) => answer > size)).not.toContain(false);
    expect(most).toBeLessThanOrEqual(3);
  });

  test("knows of a request that the server took no more of that it was not sent", async () => {
    const connection = await against(() => undefined, { settings: { maxConcurrentStreams: 1 } });
    const first = counted(connection, 1).catch(({ code }) => code);
    const late = connection.call(RANGE, {}, { headers: {}, timeoutMs: 50 });
    expect(await late.catch(({ code }) => code)).toBe("not-sent");
    connection.close();
    expect(await first).toBe("broken");
  });

  test("understands any message of a server", async () => {
    let message = "";
    const connection = await against((stream) =>
      tell(stream, 0, { "grpc-status": "8", "grpc-message": encodeURIComponent(message) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 60 }), async (said) => {
        message = said.toWellFormed();
        const failure = await counted(connection, 1).catch((error) => error);
        expect(failure).toMatchObject({ code: "resource-exhausted", message });
      }),
      { numRuns: 40 },
    );
  });

  test("that breaks ends what is under way as broken; what comes later was not sent", async () => {
    const connection = await against((stream) => stream.session?.destroy());
    expect(await counted(connection, 1).catch(({ code }) => code)).toBe("broken");
    expect(connection.usable()).toBe(false);
    expect(await counted(connection, 1).catch(({ code }) => code)).toBe("not-sent");
  });

  test("goes on after a call that took too long", async () => {
    let turn = 0;
    const connection = await against((stream, body) => {
      turn += 1;
      if (turn > 1) tell(stream, body.length);
    });
    const late = connection.call(RANGE, {}, { headers: {}, timeoutMs: 50 });
    expect(await late.catch(({ code }) => code)).toBe("deadline-exceeded");
    expect(await counted(connection, 1)).toBeGreaterThan(0);
  });

  test("that is given up ends what is under way first", async () => {
    const connection = await against(async (stream, body) => {
      await Bun.sleep(20);
      tell(stream, body.length);
    });
    const answer = counted(connection, 1);
    connection.retire();
    expect(connection.usable()).toBe(false);
    expect(await answer).toBeGreaterThan(0);
  });

  test("answers a ping, and not when its server has gone", async () => {
    const connection = await against((stream) => stream.session?.destroy());
    expect(await connection.answers(2_000)).toBe(true);
    await counted(connection, 1).catch(() => undefined);
    expect(await connection.answers(2_000)).toBe(false);
  });
});

test("K222: however many ask whether the server answers, it is pinged once, and again only after a pause", async () => {
  let pings = 0;
  const connection = await against(
    (stream, body) => tell(stream, body.length),
    {},
    () => {
      pings += 1;
    },
  );
  const ask = () => connection.answers(2_000);
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([true, true, true]);
  expect(await ask()).toBe(true);
  expect(pings).toBe(1);
});

test("K215: who does not take the answers of one stream keeps no other one waiting, and is not sent without end", async () => {
  const server = createServer();
  const piece = frame(new Uint8Array(64 << 10));
  let sent = 0;
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => undefined);
    if (!String(headers[":path"]).includes("Watch")) return void stream.on("data", () => tell(stream, 0));
    stream.respond(HEADERS);
    const more = () => {
      while (sent < 64 << 20) {
        sent += piece.length;
        if (!stream.write(piece)) return void stream.once("drain", more);
      }
    };
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const ending = new AbortController();
  const connection = await openConnection(`http://127.0.0.1:${port}`, undefined, 3_000, ending.signal);
  open.push({ server, connection });
  const watching = connection
    .subscribe(WATCH, {}, { headers: {}, signal: ending.signal })
    [Symbol.asyncIterator]();
  const first = watching.next().catch(() => undefined);
  for (let turn = 0; turn < 5; turn += 1) await counted(connection, 1);
  expect(sent).toBeLessThan(16 << 20);
  ending.abort();
  await first;
});
