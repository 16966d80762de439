import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { releaseByOperator } from "../free/operator-release.ts";
import { reclaim } from "../free/reclaim.ts";
import type { Ports } from "../ports.ts";
import type { Owner, Ref, Retention } from "../records.ts";
import { reserveAddress } from "../reserve/reserve.ts";
import { unreserveAddress } from "../reserve/unreserve.ts";
import type { Put } from "../store-port.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import { add, attachment, createWorld, del, named, smallNetwork } from "../testing/world.ts";

/** Design section 6: "a record newer than the program is never rewritten or freed by it". */

const address = parseAddress("10.1.2.9");
const owner: Owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "uid-db" };
const pod = { namespace: "default", name: "db-0", uid: "uid-0" };
const quota = { pool: "p", maxPerNamespace: 5 };
const options = () => ({ deadline: performance.now() + 5000 });

const RECORDS = {
  attachment: { kind: "attachment", node: "n1", id: attachment("c1") },
  allocation: { kind: "allocation", space: "default", address },
  reservation: { kind: "reservation", space: "default", address },
  owner: { kind: "owner", space: "default", owner },
  quota: { kind: "owner", space: "default", owner: { kind: "Pool", namespace: "default", name: "p" } },
  network: { kind: "network", name: "net1" },
} as const satisfies Record<string, Ref>;

/** A pod with a fixed address, and everything that is written for it. */
async function heldAddress(retain: Retention) {
  const { store, log, node, ports } = createWorld();
  const here = ports(node("n1"));
  const ask = (container: string, network = smallNetwork(), wanted = "10.1.2.9") =>
    add(here, container, {
      pod,
      network: { ...network, policy: quota },
      wish: { ...named(wanted), retain, owner: { owner, ordinal: 0 } },
    });
  await ask("c1");
  return { store, log, here, ask };
}

async function readOne({ store }: Ports, ref: Ref) {
  return (await store.read({ refs: [ref] }, options())).get(ref);
}

async function makeNewer(ports: Ports, ref: Ref): Promise<void> {
  const seen = await readOne(ports, ref);
  if (seen === undefined) throw new Error(`expected a record ${ref.kind}`);
  const put = { ref, record: { ...seen.record, version: 2 } } as Put;
  await ports.store.commit({ guards: [], puts: [put], deletes: [] }, options());
}

type World = Awaited<ReturnType<typeof heldAddress>>;

const DEEDS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  "a repeated ADD": ({ ask }) => ask("c1"),
  "an ADD of another configuration": ({ ask }) => ask("c3", smallNetwork(100), "10.1.2.10"),
  "a hand-over": ({ here, ask }) => {
    (here.node as FakeNode).removeNamespace("/run/netns/c1");
    return ask("c2");
  },
  "another workload of the namespace": async ({ here }) => {
    await del(here, "c1");
    return add(here, "c4", {
      pod: { ...pod, name: "web-0", uid: "uid-web" },
      wish: { ...named("10.1.2.9"), owner: { owner: { ...owner, name: "web", uid: "uid-web" } } },
    });
  },
  "another retention": async ({ here }) => {
    await del(here, "c1");
    return add(here, "c5", {
      pod,
      wish: { ...named("10.1.2.9"), retain: "keep", owner: { owner, ordinal: 0 } },
    });
  },
  DEL: ({ here }) => del(here, "c1"),
  reclaim: ({ here }) => {
    (here.node as FakeNode).removeNamespace("/run/netns/c1");
    return reclaim(here, { records: 4, deadline: options().deadline, sweep: true });
  },
  "an operator's release": ({ here }) =>
    releaseByOperator({ space: "default", address, force: true, coolingSeconds: 0 }, here, options()),
  "an operator's reservation": ({ here }) =>
    reserveAddress(
      address,
      { space: "default", owner, retain: "keep", evenIfHeld: true, requireInit: false },
      here,
      options(),
    ),
  "a further reservation": ({ here }) =>
    reserveAddress(
      parseAddress("10.1.2.11"),
      { space: "default", owner, retain: "keep", evenIfHeld: true, requireInit: false },
      here,
      options(),
    ),
  "the end of a reservation": ({ here }) => unreserveAddress(address, { space: "default" }, here, options()),
};

for (const [kind, ref] of Object.entries(RECORDS)) {
  describe(`a newer record (${kind}) stays as it is through`, () => {
    test.each(Object.keys(DEEDS))("%s", async (deed) => {
      for (const retain of ["workload", "delete"] as const) {
        const world = await heldAddress(retain);
        await makeNewer(world.here, ref);
        const before = await readOne(world.here, ref);
        await DEEDS[deed]?.(world).catch((refusal) => expect(refusal).toMatchObject({ code: 106 }));
        expect(await readOne(world.here, ref)).toEqual(before as never);
      }
    });
  });
}

test("a newer reservation or owner's record is no reason to keep a pod's address from being freed", async () => {
  for (const ref of [RECORDS.reservation, RECORDS.owner]) {
    const { here } = await heldAddress("delete");
    await makeNewer(here, ref);
    await del(here, "c1");
    expect(await readOne(here, RECORDS.allocation)).toBeUndefined();
  }
});
