import { expect, test } from "bun:test";
import type { Network } from "../network.ts";
import { add, createWorld, del, network, smallNetwork, texts } from "../testing/world.ts";

/** Design section 6, networks: another space or subnet for a name is refused, other drift is logged. */

async function world() {
  const made = createWorld();
  const ports = made.ports(made.node("n1"));
  await add(ports, "c1");
  const drifted = () =>
    made.log.filter((line) => line.includes("differs from the one that the store recorded last"));
  const writes = () =>
    made.store.commits.flatMap(({ puts }) => puts).filter(({ ref }) => ref.kind === "network");
  return { ...made, here: ports, drifted, writes };
}

const moved: Network = network("net1", [
  { subnet: "10.9.0.0/24", first: "10.9.0.2", last: "10.9.0.9", gateway: "10.9.0.1" },
]);
const grown: Network = { ...moved, sets: [...smallNetwork().sets, ...moved.sets] };

test("the same configuration is written once, and nothing is said", async () => {
  const { drifted, here, writes } = await world();
  await add(here, "c2");
  expect(writes().length).toBe(1);
  expect(drifted()).toEqual([]);
});

test("the first interface besides the first one is written down once, and nothing is said", async () => {
  const { drifted, here, writes } = await world();
  await add(here, "c2", { ifname: "net1" });
  await add(here, "c3", { ifname: "net1" });
  await add(here, "c4");
  expect(writes().map(({ record }) => "further" in record && record.further)).toEqual([false, true]);
  expect(drifted()).toEqual([]);
});

test("another address space under one name is refused", async () => {
  const { here } = await world();
  const asked = add(here, "c2", { network: { ...smallNetwork(), space: "other" } });
  await expect(asked).rejects.toMatchObject({
    code: 7,
    message: expect.stringContaining("addressSpace 'other'"),
  });
});

test("wholly other subnets are refused while addresses of the old ones are in use", async () => {
  const { drifted, here } = await world();
  await expect(add(here, "c2", { network: moved })).rejects.toMatchObject({ code: 7 });
  await del(here, "c1");
  expect(texts(await add(here, "c2", { network: moved }))[0]).toStartWith("10.9.0.");
  expect(drifted().length).toBe(1);
});

test("other ranges, gateways and further subnets are logged, and are the new record", async () => {
  const { drifted, here, log, writes } = await world();
  await add(here, "c2", { network: grown });
  await add(here, "c3", { network: grown });
  expect(writes().length).toBe(2);
  expect(drifted().length).toBe(1);
  const narrow = network("net1", [{ subnet: "10.1.2.0/24", first: "10.1.2.100", last: "10.1.2.109" }]);
  await add(here, "c4", { network: narrow });
  expect(drifted().length).toBe(2);
  // Each of the three was given out under another configuration.
  expect(log.filter((line) => line.includes("now lies outside")).length).toBe(3);
});
