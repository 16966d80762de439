import { expect, test } from "bun:test";
import { BufferedLog } from "./buffered-log.ts";

test("lines of one turn reach each file together, in their order", async () => {
  const written: [string, string][] = [];
  const log = new BufferedLog((file, lines) => void written.push([file, lines]));
  log.append("/a", "one\n");
  log.append("/b", "other\n");
  log.append("/a", "two\n");
  expect(written).toEqual([]);
  await log.written();
  expect(written).toEqual([
    ["/a", "one\ntwo\n"],
    ["/b", "other\n"],
  ]);
  log.append("/a", "three\n");
  log.flush();
  await log.written();
  await new Promise((resolve) => setImmediate(resolve));
  expect(written.slice(2)).toEqual([["/a", "three\n"]]);
});
