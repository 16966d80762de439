import { parseAddress } from "../src/address/address.ts";
import { type Holder, RECORD_VERSION } from "../src/ipam/records.ts";
import type { Put, Store } from "../src/ipam/store-port.ts";
import { openEmbeddedStore } from "../src/store/embedded/open.ts";
import type { World } from "../test/kit/world.ts";

const BATCH = 2_000;

/** Puts these addresses into the world's embedded store, each with an attachment on another node. */
export async function fillEmbeddedStore(world: World, taken: readonly string[]): Promise<void> {
  // The plugin itself makes the store and its space.
  await world.add(world.network({ subnet: "10.1.0.0/16" }), { container: "first" });
  const store = await openEmbeddedStore({ kind: "embedded", dataDir: world.place.folder.file("data") });
  try {
    const { space, held } = await firstAllocation(store);
    const missing = taken.filter((address) => address !== held);
    for (let n = 0; n < missing.length; n += BATCH) {
      const puts = missing.slice(n, n + BATCH).flatMap((address) => recordsFor(address, space));
      await store.commit({ guards: [], puts, deletes: [] }, soon());
    }
  } finally {
    await store.close();
  }
}

async function firstAllocation(store: Store): Promise<{ space: string; held: string }> {
  for await (const { record } of store.list({ kind: "attachment" }, soon())) {
    return { space: record.space, held: record.addresses[0] ?? "" };
  }
  throw new Error("expected the store to hold the first ADD's attachment");
}

function recordsFor(address: string, space: string): Put[] {
  const holder: Holder = {
    attachment: { network: "net1", container: `filler-${address}`, ifname: "eth0" },
    node: "node2",
    nodeVerified: false,
    bootId: "another-boot",
    namespace: { path: "/run/netns/elsewhere" },
    requestId: `request-${address}`,
  };
  const common = { version: RECORD_VERSION, origin: "dynamic" as const };
  return [
    {
      ref: { kind: "allocation", space, address: parseAddress(address) },
      record: { ...common, holders: [holder], since: "2026-01-01T00:00:00Z" },
    },
    {
      ref: { kind: "attachment", node: holder.node, id: holder.attachment },
      record: { ...common, space, addresses: [address], prefixes: [16], gateways: ["10.1.0.1"], holder },
    },
  ];
}

function soon() {
  return { deadline: performance.now() + 60_000 };
}
