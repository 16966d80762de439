import { expect, test } from "bun:test";
import { add, createWorld, smallNetwork } from "../ipam/testing/world.ts";
import { spacesOf } from "./spaces.ts";

test("C83: every address space in which something is held is known, however many one name has been in", async () => {
  for (const count of [1, 3, 8, 20]) {
    const world = createWorld();
    const ports = world.ports(world.node("n1"));
    const spaces = Array.from({ length: count }, (_, index) => `wire-${index}`);
    for (const space of spaces) await add(ports, `c-${space}`, { network: { ...smallNetwork(), space } });
    const found = await spacesOf("default", ports.store, { deadline: performance.now() + 5_000 });
    expect(found.sort()).toEqual(["default", ...spaces].sort());
  }
});
