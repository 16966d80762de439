import { expect, test } from "bun:test";
import { holder } from "../testing/hand-over.ts";
import { createWorld } from "../testing/world.ts";
import { mayFree, namespaceStateOf } from "./may-free.ts";

const namespace = { path: "/run/netns/a", device: "4", inode: "1", folder: "1:1" };

test("K40 what another boot left in a store that is not shared is gone: its own machine made all of it", () => {
  const world = createWorld();
  const ports = world.ports(world.node("n1"));
  const alone = {
    ...ports,
    store: { ...ports.store, description: { ...ports.store.description, shared: false } },
  };
  const older = holder({ bootId: "before", namespace });
  const named = holder({ bootId: "before", machine: "lost", namespace });
  const imported = holder({ bootId: "", namespace: { path: "" } });
  expect([older, named, imported].map((each) => namespaceStateOf(each, alone))).toEqual([
    "gone",
    "gone",
    "unknown",
  ]);
  expect([older, named, imported].map((each) => namespaceStateOf(each, ports))).toEqual([
    "unknown",
    "unknown",
    "unknown",
  ]);
  expect([mayFree(older, alone), mayFree(older, ports)]).toEqual([true, false]);
});
