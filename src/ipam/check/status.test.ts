import { expect, test } from "bun:test";
import { createWorld, smallNetwork } from "../testing/world.ts";
import { status } from "./status.ts";

test("STATUS fails while the store takes no writes, and while the node takes no files", async () => {
  const { node, ports, store } = createWorld();
  const here = node("n1");
  const ask = () => status(ports(here), performance.now() + 1000, smallNetwork());
  await ask();
  store.full = true;
  await expect(ask()).rejects.toMatchObject({ kind: "no-space" });
  store.full = false;
  here.full = true;
  await expect(ask()).rejects.toMatchObject({ name: "notAvailable" });
  here.full = false;
  await ask();
  expect(store.commits).toEqual([]);
});
