import { expect, test } from "bun:test";
import { parseAddress } from "../address/address.ts";
import { parseCidr } from "../address/cidr.ts";
import { adoptImported } from "../ipam/free/adopt.ts";
import { refTo } from "../ipam/ref-to.ts";
import { attachment, createWorld, del } from "../ipam/testing/world.ts";
import { recordsOfLeases } from "./foreign-leases.ts";
import { importRecords } from "./import-records.ts";

const options = { deadline: performance.now() + 60_000 };
const FOUR = "10.9.0.7";
const SIX = "fd00:9::7";
const ref = refTo.attachment("node1", attachment("c1"));

function brought(addresses: readonly string[], more: { gateway?: string; container?: string } = {}) {
  const { container = "c1", gateway } = more;
  const ranges =
    gateway === undefined ? [] : [{ subnet: parseCidr("10.9.0.0/16"), gateway: parseAddress(gateway) }];
  return recordsOfLeases(
    addresses.map((text) => ({ address: parseAddress(text), container, ifname: "eth0", node: "node1" })),
    { source: "whereabouts", name: "net1", space: "default", ranges, since: "" },
  );
}

function world() {
  const made = createWorld();
  const node = made.node("node1");
  return { node, ports: made.ports(node), store: made.store };
}

test("M43: what was imported before stays as it is, whatever the configuration says by now", async () => {
  const { store } = world();
  await importRecords(brought([FOUR, SIX]), store, options);
  for (const again of [brought([FOUR, SIX], { gateway: "10.9.0.1" }), brought([SIX])])
    expect(await importRecords(again, store, options)).toMatchObject({ written: 0, conflicts: [] });
  const { record } = (await store.read({ refs: [ref] }, options)).get(ref) ?? {};
  expect(record).toMatchObject({ addresses: [FOUR, SIX], gateways: [null, null] });
});

test("M43: an attachment of an earlier import gets what a later one brings, with what its node has learnt", async () => {
  const { node, ports, store } = world();
  await importRecords(brought([SIX]), store, options);
  node.createNamespace("/run/netns/c1");
  const namespace = node.identifyNamespace("/run/netns/c1");
  const notes = {
    namespaceOf: () => namespace,
    containerOf: () => undefined,
    knows: () => true,
    trusted: true,
  };
  await adoptImported(notes, ports, options);
  expect(await importRecords(brought([FOUR]), store, options)).toMatchObject({ written: 2, conflicts: [] });
  const four = refTo.allocation("default", parseAddress(FOUR));
  const read = await store.read({ refs: [ref, four] }, options);
  expect(read.get(ref)?.record.addresses).toEqual([FOUR, SIX]);
  expect(read.get(four)?.record.holders).toEqual([read.get(ref)?.record.holder as never]);
  expect(read.get(four)?.record.holders[0]?.namespace).toEqual(namespace as never);
  await del(ports, "c1");
  expect((await store.read({ refs: [ref, four] }, options)).get(four)).toBeUndefined();
});

test("M43: an attachment of somebody else is a conflict", async () => {
  const { store } = world();
  await importRecords(brought([SIX]), store, options);
  const records = brought([FOUR]).map((item) =>
    item.ref.kind === "attachment" ? { ...item, record: { ...item.record, space: "other" } } : item,
  );
  const { conflicts, written } = await importRecords(records as never, store, options);
  expect([written, conflicts]).toEqual([0, [expect.stringContaining("exists with different content")]]);
});
