import { expect, test } from "bun:test";
import { StoreFailure } from "../store-port.ts";
import { add, attachment, createWorld } from "../testing/world.ts";
import { hasAddresses } from "./has-addresses.ts";

const soon = () => performance.now() + 1_000;

test("an attachment of this very node has addresses from its ADD on", async () => {
  const { node, ports } = createWorld();
  const first = ports(node("n1"));
  expect(await hasAddresses(attachment("c1"), first, soon())).toBe(false);
  await add(first, "c1");
  expect(await hasAddresses(attachment("c1"), first, soon())).toBe(true);
  expect(await hasAddresses(attachment("c1", "net1"), first, soon())).toBe(false);
  expect(await hasAddresses(attachment("c1"), ports(node("n2")), soon())).toBe(false);
});

test("a store that cannot tell has none", async () => {
  const { node, ports } = createWorld();
  const opened = ports(node("n1"));
  const read = () => Promise.reject(new StoreFailure("unavailable", "down"));
  expect(await hasAddresses(attachment("c1"), { ...opened, store: { ...opened.store, read } }, soon())).toBe(
    false,
  );
});
