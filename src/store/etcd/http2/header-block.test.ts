import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeHeaders, HeaderDecoder } from "./header-block.ts";

const block = (...bytes: number[]) => Uint8Array.from(bytes);
const text = (of: string) => [of.length, ...Buffer.from(of)];

describe("headers", () => {
  test("come back as they were sent, whatever their length", () => {
    const value = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    const long = fc.integer({ min: 100, max: 70_000 }).map((length) => "t".repeat(length));
    const headers = fc.dictionary(fc.stringMatching(/^[a-z-]{1,40}$/), fc.oneof(value, long), { maxKeys: 5 });
    fc.assert(
      fc.property(headers, (sent) => {
        expect(new HeaderDecoder().decode(encodeHeaders(sent))).toEqual(sent);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ["a status of the fixed table", block(0x88), { ":status": "200" }],
    ["another status under its name", block(0x48, ...text("418")), { ":status": "418" }],
    ["another of the fixed table", block(0x5f, ...text("grpc")), { "content-type": "grpc" }],
    ["what was kept, by its number", block(0x40, ...text("a"), ...text("b"), 0x7e, ...text("c")), { a: "c" }],
  ])("%s", (_, coded, headers) => {
    expect(new HeaderDecoder().decode(coded)).toEqual(headers);
  });

  test.each([
    ["too large a table", block(0x3f, 0xe2, 0x1f), "too large a table"],
    ["an entry that no table has", block(0xbe), "in no table"],
    ["an entry that was evicted", block(0x40, ...text("a"), ...text("b"), 0x20, 0xbe), "in no table"],
    ["a name without a text", block(0x40, 5, 0x61), "break off"],
    ["a number without an end", block(0x7f, ...new Array(9).fill(0xff)), "too large"],
    [
      "K220: a number that is filled up with zeros",
      block(0, 0x7f, ...new Array(200).fill(0x80), 0),
      "too large",
    ],
    ["no name at all", block(0x80), "in no table"],
  ])("%s ends the connection", (_, coded, message) => {
    expect(() => new HeaderDecoder().decode(coded)).toThrow(message);
  });

  test("keep what was said before, as far as it fits", () => {
    const decoder = new HeaderDecoder();
    const value = "v".repeat(1000);
    for (const name of ["a", "b", "c", "d", "e"])
      decoder.decode(block(0x40, ...text(name), 0x7f, 0xe9, 0x06, ...Buffer.from(value)));
    expect(decoder.decode(block(0xbe, 0xc0))).toEqual({ e: value, c: value });
    expect(() => decoder.decode(block(0xc1))).toThrow("in no table");
  });

  test("of any bytes are read or refused, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (coded) => {
        try {
          new HeaderDecoder().decode(coded);
        } catch (fault) {
          expect((fault as Error).name).toBe("HeaderFault");
        }
      }),
    );
  });
});
