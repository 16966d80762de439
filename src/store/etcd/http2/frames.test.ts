import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameCutter, head, KIND, unpadded } from "./frames.ts";

const frames = fc.array(
  fc.record({
    kind: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 0x7fffffff }),
    payload: fc.uint8Array({ maxLength: 40 }),
  }),
  { maxLength: 6 },
);

test("frames come back however the bytes are cut", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(
        sent.flatMap(({ kind, flags, stream, payload }) => [
          head(kind, flags, stream, payload.length),
          payload,
        ]),
      );
      const cutter = new FrameCutter();
      const received: unknown[] = [];
      for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1;
        const chunk = Uint8Array.from(bytes.subarray(start, start + size));
        for (const frame of cutter.cut(chunk)) received.push({ ...frame, payload: [...frame.payload] });
        start += size;
      }
      expect(received).toEqual(sent.map((each) => ({ ...each, payload: [...each.payload] })));
    }),
  );
});

test("a frame larger than we allow is none: another protocol is spoken", () => {
  expect(() => [...new FrameCutter().cut(Buffer.from("HTTP/1.1 400 Bad Request"))]).toThrow("HTTP/2");
});

test("padding and priority are left out", () => {
  const payload = Uint8Array.of(2, 0, 0, 0, 1, 9, 7, 8, 0, 0);
  expect([...unpadded({ kind: KIND.headers, flags: 0x28, stream: 1, payload })]).toEqual([7, 8]);
  expect([...unpadded({ kind: KIND.data, flags: 0x20, stream: 1, payload })]).toEqual([...payload]);
  expect(() => unpadded({ kind: KIND.data, flags: 8, stream: 1, payload: Uint8Array.of(3, 0) })).toThrow();
});
