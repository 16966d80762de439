import { expect, test } from "bun:test";
import type { MetaRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { allocationRef, auditedWorld } from "../testing/audited.ts";
import { attachment, named } from "../testing/world.ts";
import type { AuditInput } from "./types.ts";

/** A store that was thrown back: what `check` finds of it, by the pods' status and by this node's journal. */

/** Pod a on n1 lives, and the store has lost what it holds. */
async function thrownBack() {
  const world = auditedWorld();
  const [lost = ""] = await world.run("a");
  await world.damage({ deletes: [allocationRef(lost), refTo.attachment("n1", attachment("c-a"))] });
  const meta = (await world.read<"meta">(refTo.meta)) as MetaRecord;
  const look = async (change: Partial<AuditInput> = {}) => (await world.look({ meta, ...change })).findings;
  const texts = async (change?: Partial<AuditInput>) =>
    (await look(change)).map(({ kind, reason, address }) => `${kind} ${reason} ${address}`);
  return { world, lost, meta, look, texts };
}

test("a living pod's address that the store gave to another is a duplicate, by the pod's status", async () => {
  const { world, lost, look, texts } = await thrownBack();
  expect(await texts()).toEqual([`unknown not-held ${lost}`]);
  await world.run("b", { node: "n2", wish: named(lost) });
  expect(await texts()).toEqual([`duplicate shown-by-two ${lost}`]);
  world.setPod("b", { podIPs: [] });
  const [found] = await look();
  expect(found).toMatchObject({ kind: "duplicate", reason: "held-by-other", holder: { node: "n2" } });
});

test("by the node's own journal too, where Kubernetes shows nothing; each address is told once", async () => {
  const { world, lost, look, texts } = await thrownBack();
  const here = world.nodes.n1;
  world.setPod("a", { podIPs: [] });
  expect(await texts({ here })).toEqual([`unknown not-held ${lost}`]);
  await world.run("b", { node: "n2", wish: named(lost) });
  world.setPod("b", { podIPs: [] });
  const [found] = await look({ here });
  expect(found).toMatchObject({ kind: "duplicate", reason: "held-by-other", pods: [{ name: "a" }] });
  expect(found?.what).toBe(
    `pod default/a on node n1 lives and has ${lost}, but the address is held by pod default/b on node n2`,
  );
  world.setPod("a", { podIPs: [lost] });
  expect(await texts({ here })).toEqual([`duplicate held-by-other ${lost}`]);
  expect(await texts({ here: world.nodes.n2 })).toEqual([`duplicate held-by-other ${lost}`]);
});

test("what the store holds, has ended, was never confirmed, or is of another store, is not lost", async () => {
  const { world, meta, texts, lost } = await thrownBack();
  world.removePod("a");
  const here = world.nodes.n1;
  expect(await texts({ here })).toEqual([`unknown not-held ${lost}`]);
  expect(await texts({ here, meta: { ...meta, uuid: "other" } })).toEqual([]);
  await world.ruin(allocationRef(lost));
  expect((await texts({ here })).filter((text) => text.includes("not-held"))).toEqual([]);
  here.witnesses.forget();
  expect((await texts({ here })).filter((text) => text.includes("not-held"))).toEqual([]);
  const again = await thrownBack();
  again.world.removePod("a");
  again.world.nodes.n1.removeNamespace("/run/netns/c-a");
  await again.world.run("healthy");
  expect(await again.texts({ here: again.world.nodes.n1 })).toEqual([]);
});

test("a store under suspicion is a finding, before all others", async () => {
  const { lost, meta, look, texts } = await thrownBack();
  const suspicion = { node: "n1", why: "the store is older than when node n1 last used it", since: "now" };
  const suspect: MetaRecord = { ...meta, state: "suspect", suspicion };
  expect(await texts({ meta: suspect })).toEqual(["suspect thrown-back ", `unknown not-held ${lost}`]);
  const [found] = await look({ meta: suspect });
  expect(found?.what).toBe(`node n1 has stopped all nodes: ${suspicion.why}`);
  expect(found?.remedy).toStartWith("run 'kube-ipam recover'");
  expect(await texts({ meta: { ...meta, state: "recovering", recovery: "r1" } })).toEqual([
    `unknown not-held ${lost}`,
  ]);
});
