import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import { type ErrorName, IpamError } from "../../ipam/errors.ts";
import type { Prospect } from "../../ipam/explain/explain.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { reserveAddress } from "../../ipam/reserve/reserve.ts";
import { add, createWorld, named, smallNetwork } from "../../ipam/testing/world.ts";
import type { Answer } from "../../operator/why/answer.ts";
import { dataOf } from "../../operator/why/data.ts";
import { sectionsOf } from "../../operator/why/sections.ts";
import { noNode } from "../context/no-node.ts";
import { toldAnswer } from "./told-answer.ts";

const ADDRESS = "10.1.2.9";
const KUBERNETES = { annotations: "auto", capabilityDeclared: false } as const;
const NAMED: ErrorName[] = ["addressHeld", "tryAgain"];

/** What `team-a/asking` hears of ADDRESS, which a pod of `holds` has, and which is reserved for one of `reserves`. */
async function heard(holds: string | undefined, reserves: string | undefined, name: ErrorName) {
  const world = createWorld();
  const ports = world.ports(world.node("n1"), undefined, "cluster-1");
  const options = { deadline: performance.now() + 60_000 };
  if (holds !== undefined)
    await add(ports, "c1", { pod: { namespace: holds, name: "has-it", uid: "u1" }, wish: named(ADDRESS) });
  const ref = refTo.allocation("default", parseAddress(ADDRESS));
  const holders = (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record.holders ?? [];
  if (reserves !== undefined) {
    const owner = { kind: "Pod", namespace: reserves, name: "has-it" };
    const wish = { owner, retain: "keep", space: "default", evenIfHeld: true, requireInit: false } as const;
    await reserveAddress(parseAddress(ADDRESS), wish, ports, options);
  }
  const prospect: Prospect = {
    address: ADDRESS,
    source: "kube-ipam.ip",
    outlook: "waits",
    holders: holders.map((holder) => ({ holder, row: "alive" })),
    refusal: new IpamError(name, `address ${ADDRESS} is held by pod ${holds}/has-it`, "on node n1"),
  };
  const told = await toldAnswer(answerWith(prospect), { ...ports, node: noNode() }, options);
  return JSON.stringify([dataOf(told), sectionsOf(told)]);
}

/** What is found for `team-a/asking`, which asks one network. */
function answerWith(prospect: Prospect): Answer {
  const network = { network: smallNetwork(), knownBy: "the store", kubernetes: KUBERNETES, requested: [] };
  const explanation = { addresses: [prospect], formerly: [] };
  return {
    pod: { namespace: "team-a", name: "asking", uid: "u2" },
    shown: new Set(),
    interfaces: [{ ifname: "eth0", name: "net1", network, held: [], explanation }],
    misplaced: [],
  };
}

test("K180: why tells a namespace of its own addresses all, and of others that they are not available", async () => {
  const namespace = fc.constantFrom("team-a", "team-b");
  const maybe = fc.option(namespace, { nil: undefined });
  await fc.assert(
    fc.asyncProperty(maybe, maybe, fc.constantFrom(...NAMED), async (holds, reserves, name) => {
      const text = await heard(holds, reserves, name);
      const isOthers = holds === "team-b" || reserves === "team-b";
      expect(text.includes(`address ${ADDRESS} is not available to namespace 'team-a'`)).toBe(isOthers);
      expect(text.includes("team-b")).toBe(false);
      expect(text.includes('"container":"c1"')).toBe(holds === "team-a");
      expect(text).toContain(`"name":"${name}"`);
    }),
    { numRuns: 20 },
  );
});

test("K180: nor does a set in use give the holder of one of its addresses for an example", async () => {
  const world = createWorld();
  const cause = new IpamError("tryAgain", "address 10.1.2.9 is held by pod team-b/has-it");
  const refusal = new IpamError("tryAgain", "all 2 addresses are in use", `for example: ${cause.message}`, {
    cause,
  });
  const prospect: Prospect = { source: "kube-ipam.ips", outlook: "waits", holders: [], refusal };
  const ports = world.ports(world.node("n1"), undefined, "cluster-1");
  const told = await toldAnswer(answerWith(prospect), ports, { deadline: performance.now() + 60_000 });
  expect(JSON.stringify(dataOf(told))).toContain("all 2 addresses are in use");
  expect(JSON.stringify([dataOf(told), sectionsOf(told)])).not.toContain("team-b");
});
