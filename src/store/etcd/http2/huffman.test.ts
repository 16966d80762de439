import { expect, test } from "bun:test";
import { fromHuffman } from "./huffman.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

// RFC 7541, appendix C.
test.each([
  ["f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"],
  ["a8eb10649cbf", "no-cache"],
  ["25a849e95bb8e8b4bf", "custom-value"],
  ["6402", "302"],
  ["9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"],
  ["", ""],
])("%s is %s", (coded, text) => {
  expect(fromHuffman(bytes(coded))).toBe(text);
});

test.each([
  ["the mark of the end", "ffffffff"],
  ["a byte of ones after the text", "f1e3c2e5f23a6ba0ab90f4ffff"],
  ["zeros where ones fill up", "f1e3c2e5f23a6ba0ab90f480"],
])("%s is refused", (_, coded) => {
  expect(() => fromHuffman(bytes(coded))).toThrow("a text of a header");
});
