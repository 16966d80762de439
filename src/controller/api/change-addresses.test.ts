import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { readPoolsOf } from "../../config/testing/pools.ts";
import type { NodeFacts, PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import { isFenced } from "../../ipam/evidence/fencing.ts";
import { FakeCluster } from "../../ipam/testing/fake-cluster.ts";
import { nodeFacts, podFacts } from "../../ipam/testing/hand-over.ts";
import { add, createWorld } from "../../ipam/testing/world.ts";
import { addressesOnStore } from "../../operator/store-addresses.ts";
import { noNode } from "../context/no-node.ts";
import { releaseFor, reserveFor } from "./change-addresses.ts";
import { limitOf } from "./limit-of.ts";
import type { Scope } from "./objects.ts";
import { statusOf } from "./status.ts";

const POD = { namespace: "default", name: "old", uid: "uid-old" };
const ADDRESS = "10.1.2.2";

/** A pod that holds ADDRESS on node n1, in its boot "boot-1", and what Kubernetes shows of both since. */
async function world(pod: PodFacts | undefined, node: NodeFacts | undefined) {
  const made = createWorld();
  const cluster = new FakeCluster("cluster-1");
  await add(made.ports(made.node("n1"), cluster, "cluster-1"), "c1", { pod: POD, wish: { pod: podFacts() } });
  if (pod !== undefined) cluster.addPod(pod);
  if (node !== undefined) cluster.nodes.set("n1", node);
  const ports = { ...made.ports(made.node("n1"), cluster, "cluster-1"), node: noNode() };
  const options = { deadline: performance.now() + 60_000 };
  const defaults = { space: "default", coolingSeconds: 60, requireInit: false };
  const limit = (namespace: string) =>
    limitOf(namespace, { configuration: { poolsOnly: false }, pools: { all: [] }, ports }, options);
  const release = (scope: Scope, force: boolean) =>
    releaseFor(
      { address: ADDRESS, force },
      {
        scope,
        addresses: addressesOnStore(ports, defaults, options, scope === undefined ? undefined : limit(scope)),
      },
    );
  const all = addressesOnStore(ports, defaults, options);
  const holders = async () =>
    (await all.status(parseAddress(ADDRESS), "default")).flatMap(
      ({ allocation }) => allocation?.holders ?? [],
    );
  return { release, holders };
}

async function refusalOf(release: Promise<unknown>): Promise<IpamError | undefined> {
  return release.then(
    () => undefined,
    (failure: unknown) => {
      if (failure instanceof IpamError) return failure;
      throw failure;
    },
  );
}

const pods = fc.option(
  fc.record({
    uid: fc.constantFrom("uid-old", "uid-new"),
    deleting: fc.boolean(),
    finished: fc.boolean(),
  }),
  { nil: undefined },
);
const nodes = fc.option(
  fc.record({
    ready: fc.constantFrom("true", "false", "unknown"),
    outOfServiceTaint: fc.boolean(),
    bootId: fc.constantFrom("boot-1", "boot-2"),
  }),
  { nil: undefined },
);

test("K70: whatever becomes of its pod and node, rights in one namespace free no holder that is not fenced", async () => {
  await fc.assert(
    fc.asyncProperty(pods, nodes, fc.boolean(), async (pod, node, force) => {
      const live = pod && podFacts(pod);
      const on = node && nodeFacts(node);
      const { release, holders } = await world(live, on);
      const [holder] = await holders();
      if (holder === undefined) throw new Error("expected a holder");
      const facts = { holder, holderPod: live ?? "absent", holderNode: on ?? "absent" } as const;
      const refusal = await refusalOf(release("default", force));
      const freed = (await holders()).length === 0;
      expect(freed).toBe(refusal === undefined);
      expect(freed).toBe(!force && isFenced(facts));
    }),
    { numRuns: 200 },
  );
});

test("K70: force with rights in one namespace is 403, and tells the way out", async () => {
  const { release } = await world(undefined, nodeFacts({ bootId: "boot-1" }));
  const refusal = await refusalOf(release("default", true));
  expect(statusOf(refusal)).toMatchObject({
    code: 403,
    reason: "Forbidden",
    message: "with rights in one namespace you cannot release address 10.1.2.2 by force",
    details: { causes: [{ message: expect.stringContaining("--all-namespaces") }] },
  });
});

test("K71: rights in all namespaces release by force, also what lives", async () => {
  const { release, holders } = await world(podFacts(), nodeFacts({ bootId: "boot-1" }));
  expect(await refusalOf(release(undefined, false))).toMatchObject({ name: "addressHeld" });
  expect((await release(undefined, true)).status.released).toMatchObject([{ because: "by force" }]);
  expect(await holders()).toEqual([]);
});

test("K72: rights in one namespace reach no holder of another one, not even with evidence", async () => {
  const { release, holders } = await world(undefined, undefined);
  expect((await release("team-b", false)).status.released).toEqual([]);
  expect(await holders()).toHaveLength(1);
});

test("K182: reservations of one namespace, many at once, do not wear each other out", async () => {
  const made = createWorld();
  const ports = { ...made.ports(made.node("n1"), new FakeCluster("cluster-1"), "cluster-1"), node: noNode() };
  const options = { deadline: performance.now() + 60_000 };
  const pools = readPoolsOf({ open: { subnets: ["10.1.2.0/24"] } });
  const limit = limitOf(
    "team-a",
    { configuration: { poolsOnly: true }, pools: { all: pools }, ports },
    options,
  );
  const defaults = { space: "default", coolingSeconds: 60, requireInit: false };
  const addresses = addressesOnStore(ports, defaults, options, limit);
  const reserve = async (last: number) => {
    const owner = { kind: "Pod", namespace: "team-a", name: `x${last}` };
    const spec = { address: `10.1.2.${last}`, owner, retain: "keep" } as const;
    const refusal = await refusalOf(reserveFor(spec, { scope: "team-a", addresses }));
    return refusal?.name ?? "reserved";
  };
  const done = await Promise.all(Array.from({ length: 200 }, (_, index) => reserve(index + 10)));
  expect(done.filter((each) => each === "reserved")).toHaveLength(CAPS.reservationsOfNamespace);
  expect(new Set(done)).toEqual(new Set(["reserved", "noFreeAddress"]));
});
