import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import type { IpamError } from "../errors.ts";
import { type LivingAttachment, livingOf } from "../journal-entry.ts";
import type { Ports } from "../ports.ts";
import type { Owner } from "../records.ts";
import { liftBlocks } from "../reserve/blocks.ts";
import { type Store, StoreFailure } from "../store-port.ts";
import { add, allocations, createWorld, del, named, smallNetwork, texts } from "../testing/world.ts";
import { answerRecovery } from "./answer.ts";
import { readAnswers } from "./answers.ts";
import { beginRecovery, endRecovery } from "./begin.ts";
import { type Blocking, blockSilent } from "./block-silent.ts";

const NONE = { cached: async () => [], otherStores: async () => new Set<string>() };
const db: Owner = { kind: "StatefulSet", namespace: "team-a", name: "db", uid: "u1" };
const soon = () => ({ deadline: performance.now() + 60_000 });

/** Two machines that used one store which was lost; the ports lead to its empty successor. */
async function lostStore() {
  const before = createWorld();
  const machines = [before.node("n1"), before.node("n2")] as const;
  const old = machines.map((node) => before.ports(node)) as [Ports, Ports];
  const after = createWorld();
  const ports = machines.map((node) => after.ports(node)) as [Ports, Ports];
  return { before, after, machines, old, ports };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const failure = (await work.then(
    () => ({ code: 0, message: "done", details: "" }),
    (error) => error,
  )) as IpamError;
  return `${failure.code} ${failure.message}; ${failure.details}`;
}

const everything: Blocking = { labels: new Map(), pools: [], spaces: () => ["default"] };

/** What `kube-ipam recover` does, for those nodes that answer. */
async function recover(
  ports: Ports,
  answering: readonly Ports[],
  nodes = ["n1", "n2"],
  blocking = everything,
) {
  const { recovery } = await beginRecovery(ports, soon());
  for (const each of answering) await answerRecovery(NONE, each, soon());
  const look = () => readAnswers(recovery, nodes, ports, soon());
  const answers = await blockSilent(look, blocking, ports, soon());
  await endRecovery(recovery, ports, soon());
  return answers;
}

test("a lost store gets back what the nodes' living attachments hold, and is then used by all", async () => {
  const { old, ports } = await lostStore();
  await add(old[0], "c1");
  await add(old[0], "c2", { wish: { ...named("10.1.2.200"), owner: { owner: db } }, pod: POD });
  const three = texts(await add(old[1], "c3"));
  const held = await allocations(old[0]);
  expect(await refusal(add(ports[0], "c4"))).toStartWith("106 the memory store memory is empty");
  const { silent, complete } = await recover(ports[0], ports);
  expect([silent, complete]).toEqual([[], true]);
  expect(await allocations(ports[0])).toEqual(held);
  const four = await add(ports[0], "c4");
  expect(held.has(formatAddress(four.addresses[0]?.address ?? parseAddress("::")))).toBe(false);
  expect(texts(await add(ports[1], "c3"))).toEqual(three);
  for (const container of ["c1", "c2", "c4"]) await del(ports[0], container);
  await del(ports[1], "c3");
  expect([...(await allocations(ports[0])).keys()]).toEqual([]);
});

const POD = { namespace: "team-a", name: "db-0", uid: "p1" };

test("fixed addresses are reserved again for their owner", async () => {
  const { old, ports } = await lostStore();
  await add(old[0], "c1", { wish: { ...named("10.1.2.200"), owner: { owner: db } }, pod: POD });
  await recover(ports[1], ports);
  const ref = { kind: "reservation", space: "default", address: parseAddress("10.1.2.200") } as const;
  const ownerRef = { kind: "owner", space: "default", owner: db } as const;
  const snapshot = await ports[0].store.read({ refs: [ref, ownerRef] }, soon());
  expect(snapshot.get(ref)?.record).toMatchObject({ owner: db, kind: "automatic", retain: "workload" });
  expect(snapshot.get(ownerRef)?.record.addresses).toEqual(["10.1.2.200"]);
});

test("while it lasts an ADD is asked to come again, and DEL frees", async () => {
  const { old, ports, machines } = await lostStore();
  await add(old[0], "c1");
  await add(old[0], "c2");
  await beginRecovery(ports[0], soon());
  expect(await refusal(add(ports[0], "c3"))).toStartWith("11 the store is being recovered");
  await del(ports[0], "c1");
  await answerRecovery(NONE, ports[0], soon());
  await del(ports[0], "c2");
  expect(machines[0].journal.list()).toEqual([]);
  expect([...(await allocations(ports[0])).keys()]).toEqual([]);
});

test("what dead attachments had is not written again, nor what a waiting DEL ends", async () => {
  const { old, ports, machines } = await lostStore();
  for (const container of ["dead", "ended", "living"]) await add(old[0], container);
  machines[0].removeNamespace("/run/netns/dead");
  const ended = machines[0].journal.list().find(({ holder }) => holder.attachment.container === "ended");
  if (ended === undefined) throw new Error("expected an entry");
  const { attachment, requestId } = ended.holder;
  machines[0].keptReleases.keep({ version: 1, attachment, node: "n1", requestId });
  await recover(ports[0], ports);
  expect([...(await allocations(ports[0])).values()]).toEqual([["living"]]);
});

test("an older state is brought up to date: later attachments are written, ended ones freed", async () => {
  const { before, machines, old } = await lostStore();
  await add(old[0], "stays");
  await add(old[0], "ends");
  const restored = createWorld();
  for (const { puts } of before.store.commits)
    await restored.store.commit({ guards: [], puts, deletes: [] }, soon());
  const ports = machines.map((node) => restored.ports(node)) as [Ports, Ports];
  await del(old[0], "ends");
  await add(old[1], "other", { wish: named("10.1.2.3") });
  await add(old[1], "new");
  await add(old[1], "newer");
  expect(await refusal(add(ports[1], "x"))).toStartWith("106 the memory store memory is older");
  // The second node finds 10.1.2.3 held by the ended one until the first node has answered.
  const { recovery } = await beginRecovery(ports[0], soon());
  expect((await answerRecovery(NONE, ports[1], soon()))?.conflicts).toMatchObject([{ address: "10.1.2.3" }]);
  await answerRecovery(NONE, ports[0], soon());
  expect((await readAnswers(recovery, ["n1", "n2"], ports[0], soon())).complete).toBe(false);
  expect((await answerRecovery(NONE, ports[1], soon()))?.conflicts).toEqual([]);
  const look = () => readAnswers(recovery, ["n1", "n2"], ports[0], soon());
  expect((await blockSilent(look, everything, ports[0], soon())).complete).toBe(true);
  await endRecovery(recovery, ports[0], soon());
  expect(await allocations(ports[0])).toEqual(await allocations(old[0]));
});

test("what a silent node may hold is refused until it answers", async () => {
  const { old, ports } = await lostStore();
  await add(old[0], "c1");
  await add(old[1], "c2");
  const answers = await recover(ports[0], [ports[0]]);
  expect(answers.silent).toEqual(["n2"]);
  expect(await refusal(add(ports[0], "c3"))).toStartWith(
    "100 no free address is known in range set 0 of network 'net1': 10.1.2.1-10.1.2.254; the store was recovered, and node n2 has not reported yet what its pods hold",
  );
  expect(await refusal(add(ports[0], "c3", { wish: named("10.1.2.77") }))).toStartWith(
    "101 address 10.1.2.77 may be held by a pod on node n2",
  );
  expect(await refusal(add(ports[1], "c4"))).toStartWith(
    "11 the memory store memory was recovered, and this node",
  );
  expect(texts(await add(ports[0], "c1"))).toEqual(["10.1.2.2/24"]);
  await answerRecovery(NONE, ports[1], soon());
  expect(await allocations(ports[0])).toEqual(await allocations(old[0]));
  await add(ports[0], "c3", { wish: named("10.1.2.77") });
  await add(ports[1], "c4");
});

test("a pool that is for other nodes stays open, and an operator may give a node up", async () => {
  const { old, ports } = await lostStore();
  await add(old[0], "c1");
  const interval = { first: parseAddress("10.1.2.1"), last: parseAddress("10.1.2.254") };
  const pools = [{ space: "default", intervals: [interval], nodes: { rack: "a" } }];
  const labels = new Map([["n2", { rack: "b" }]]);
  await recover(ports[0], [ports[0]], ["n1", "n2"], { ...everything, pools, labels });
  await add(ports[0], "c2");
  const outside = { ...smallNetwork(), name: "net2" };
  const wide = { ...outside, sets: [{ ranges: [rangeOf("10.9.0.0/24", "10.9.0.2", "10.9.0.9")] }] };
  expect(await refusal(add(ports[0], "c3", { network: wide }))).toStartWith("100");
  expect(await liftBlocks(["n2"], ports[0], soon())).toEqual(["n2"]);
  await add(ports[0], "c3", { network: wide });
});

test("two at once, twice, and broken off at every step: the outcome is the same", async () => {
  const { old, ports } = await lostStore();
  for (let n = 0; n < 5; n++) await add(old[n % 2 === 0 ? 0 : 1], `c${n}`);
  const held = await allocations(old[0]);
  const begun = await Promise.all([beginRecovery(ports[0], soon()), beginRecovery(ports[1], soon())]);
  expect(new Set(begun.map(({ recovery }) => recovery)).size).toBe(1);
  expect(begun.filter((each) => each.begun).length).toBe(1);
  await Promise.all([...ports, ...ports].map((each) => answerRecovery(NONE, each, soon())));
  expect(await allocations(ports[0])).toEqual(held);
  await Promise.all(ports.map((each) => recover(each, ports)));
  await recover(ports[0], ports);
  expect(await allocations(ports[0])).toEqual(held);
  await add(ports[0], "c9");
});

test("a node that dies at any step of its answer answers again, and nothing is lost", async () => {
  for (let step = 1; ; step++) {
    const { old, ports } = await lostStore();
    for (let n = 0; n < 3; n++) await add(old[0], `c${n}`);
    const { recovery } = await beginRecovery(ports[0], soon());
    const dying = { ...ports[0], store: dyingAt(step, ports[0].store) };
    const died = await answerRecovery(NONE, dying, soon()).then(
      () => false,
      () => true,
    );
    if (died) {
      expect(await refusal(add(ports[0], "c9"))).toStartWith("11 ");
      await answerRecovery(NONE, ports[0], soon());
    }
    expect((await readAnswers(recovery, ["n1"], ports[0], soon())).silent).toEqual([]);
    await endRecovery(recovery, ports[0], soon());
    await add(ports[0], "c9");
    await del(ports[0], "c9");
    expect(await allocations(ports[0])).toEqual(await allocations(old[0]));
    if (!died) return expect(step).toBe(5);
  }
});

/** A store that is not reached any more from the commit of that number on. */
function dyingAt(step: number, store: Store): Store {
  let commits = 0;
  return {
    ...store,
    commit: (transaction, options) =>
      ++commits >= step
        ? Promise.reject(new StoreFailure("unavailable", "gone"))
        : store.commit(transaction, options),
  };
}

test("an address that two nodes' pods have is told, and given to nobody when one of them ends", async () => {
  const { old, ports, machines } = await lostStore();
  await add(old[0], "c1", { wish: named("10.1.2.50") });
  const [entry] = machines[0].journal.list();
  if (entry === undefined) throw new Error("expected an entry");
  const twin = { ...entry.holder, node: "n2", attachment: { ...entry.holder.attachment, container: "twin" } };
  machines[1].createNamespace("/run/netns/twin");
  const namespace = machines[1].identifyNamespace("/run/netns/twin") ?? { path: "" };
  machines[1].journal.write({ ...entry, holder: { ...twin, namespace } });
  const { recovery } = await beginRecovery(ports[0], soon());
  for (const each of [...ports, ...ports]) await answerRecovery(NONE, each, soon());
  const answers = await blockSilent(
    () => readAnswers(recovery, ["n1", "n2"], ports[0], soon()),
    everything,
    ports[0],
    soon(),
  );
  expect(answers.complete).toBe(true);
  expect(answers.answered.flatMap(({ record }) => record.conflicts)).toMatchObject([
    {
      address: "10.1.2.50",
      attachment: { container: "twin" },
      heldBy: "interface eth0 of container c1 in network 'net1' on node n1",
    },
  ]);
  await endRecovery(recovery, ports[0], soon());
  await del(ports[0], "c1");
  expect(await refusal(add(ports[0], "c3", { wish: named("10.1.2.50") }))).toStartWith("101");
  await answerRecovery(NONE, ports[1], soon());
  expect((await allocations(ports[0])).get("10.1.2.50")).toEqual(["twin"]);
});

test("what only the runtime's cache knows is written; the journal's word counts where both speak", async () => {
  const { old, ports, machines } = await lostStore();
  await add(old[0], "c1");
  await add(old[0], "c2");
  const cached: LivingAttachment[] = machines[0].journal.list().map((entry) => {
    const { record } = livingOf(entry);
    return { record: { ...record, holder: { ...record.holder, requestId: "cached" } } };
  });
  machines[0].journal.remove({ network: "net1", container: "c2", ifname: "eth0" });
  await beginRecovery(ports[0], soon());
  await answerRecovery({ ...NONE, cached: async () => cached }, ports[0], soon());
  const requests: string[] = [];
  for await (const { record } of ports[0].store.list({ kind: "attachment" }, soon()))
    requests.push(record.holder.requestId === "cached" ? "cache" : "journal");
  expect(requests).toEqual(["journal", "cache"]);
});

function rangeOf(subnet: string, first: string, last: string) {
  const [address = "", prefix = ""] = subnet.split("/");
  return {
    subnet: { address: parseAddress(address), prefix: Number(prefix) },
    dynamic: { first: parseAddress(first), last: parseAddress(last) },
  };
}
