import { expect, test } from "bun:test";
import { LateLines } from "./buffered-log.ts";

test("lines of one turn reach each file together, in their order", async () => {
  const written: [string, string][] = [];
  const late = new LateLines((file, lines) => void written.push([file, lines]));
  late.append("/a", "one\n");
  late.append("/b", "other\n");
  late.append("/a", "two\n");
  expect(written).toEqual([]);
  await late.written();
  expect(written).toEqual([
    ["/a", "one\ntwo\n"],
    ["/b", "other\n"],
  ]);
  late.append("/a", "three\n");
  late.flush();
  await late.written();
  await new Promise((resolve) => setImmediate(resolve));
  expect(written.slice(2)).toEqual([["/a", "three\n"]]);
});
