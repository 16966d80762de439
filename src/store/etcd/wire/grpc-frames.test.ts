import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FrameReader, frame } from "./grpc-frames.ts";

describe("frames", () => {
  test("are a zero, the length in four bytes, and the message", () => {
    expect([...frame(new Uint8Array([7, 8, 9]))]).toEqual([0, 0, 0, 0, 3, 7, 8, 9]);
  });

  test("come back however the bytes are cut", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(frame));
        const reader = new FrameReader();
        const received: Uint8Array[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          received.push(...reader.read(bytes.subarray(start, start + size)));
          start += size;
        }
        expect(received.map((message) => [...message])).toEqual(sent.map((message) => [...message]));
      }),
    );
  });

  test("K220: one that is larger than any may be is not waited for", () => {
    const prefix = (bytes: number) => {
      const framed = frame(new Uint8Array(0));
      new DataView(framed.buffer).setUint32(1, bytes);
      return framed;
    };
    expect(new FrameReader().read(prefix(64 << 20))).toEqual([]);
    expect(() => new FrameReader().read(prefix((64 << 20) + 1))).toThrow("67108865 bytes");
  });
});
