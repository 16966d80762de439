import { expect, test } from "bun:test";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { Bodies, type Read } from "./bodies.ts";

const LIMITS = { body: 40_000, smallBody: 5_000, bodies: 60_000 };

function request(length?: number): PassThrough & IncomingMessage {
  const headers = length === undefined ? {} : { "content-length": String(length) };
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

const sent = (read: Read) => (typeof read === "object" ? read.bytes.length : read);

test("K141: whatever comes, in whatever pieces, no more is held than the limit, and in the end nothing", async () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 12_000 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 6 }), async (requests) => {
      const bodies = new Bodies(LIMITS);
      const streams = requests.map(() => request());
      const reads = streams.map((stream) => bodies.read(stream));
      for (let round = 0; round < 8; round++) {
        for (const [index, stream] of streams.entries()) {
          const size = requests[index]?.[round];
          if (size !== undefined) stream.write(Buffer.alloc(size, index));
          await Promise.resolve();
          expect(bodies.held).toBeLessThanOrEqual(LIMITS.bodies);
        }
      }
      for (const stream of streams) stream.end();
      const ended = await Promise.all(reads);
      for (const [index, read] of ended.entries()) {
        const all = (requests[index] ?? []).reduce((sum, size) => sum + size, 0);
        if (all > LIMITS.body) expect([413, 503]).toContain(sent(read) as number);
        else expect([all, 503]).toContain(sent(read) as number);
        if (typeof read === "object") {
          expect(read.bytes.every((byte) => byte === index)).toBe(true);
          read.release();
          read.release();
        }
      }
      expect(bodies.held).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("K141: a small body passes while large ones take all the room; a large one is told to come again", async () => {
  const bodies = new Bodies(LIMITS);
  const large = [request(), request()];
  for (const stream of large) void bodies.read(stream);
  for (const stream of large) stream.write(Buffer.alloc(30_000));
  await new Promise(setImmediate);
  const small = request();
  const another = request();
  const reads = [bodies.read(small), bodies.read(another)];
  small.end(Buffer.alloc(2_000));
  another.end(Buffer.alloc(30_000));
  expect((await Promise.all(reads)).map(sent)).toEqual([2_000, 503]);
  for (const stream of large) stream.destroy();
  await new Promise(setImmediate);
  expect(bodies.held).toBe(0);
});

test("K141: a body that says that it is too large is not read at all", async () => {
  expect(await new Bodies(LIMITS).read(request(40_001))).toBe(413);
});
