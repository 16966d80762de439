import { describe, expect, test } from "bun:test";
import { IpamError } from "../../src/ipam/errors.ts";
import { reclaim } from "../../src/ipam/free/reclaim.ts";
import type { Ports } from "../../src/ipam/ports.ts";
import { FakeNode } from "../../src/ipam/testing/fake-node.ts";
import { add, allocations, del, smallNetwork, texts } from "../../src/ipam/testing/world.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, type EtcdMember, startEtcd } from "../kit/etcd.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

const SECONDS = Number(process.env.KUBE_IPAM_FAULT_SECONDS ?? 20);
const WORKERS = 8;

/** What the outside world was told: who has which address now. */
class Books {
  readonly live = new Map<string, string>();
  readonly faults: string[] = [];
  readonly tally = { added: 0, refused: 0, ended: 0, endedLater: 0, kills: 0, slowest: 0 };

  gave(container: string, address: string): void {
    for (const [other, taken] of this.live) {
      if (taken === address) this.faults.push(`${address} was given to ${container} while ${other} had it`);
    }
    this.live.set(container, address);
    this.tally.added += 1;
  }
}

/** Eight nodes ADD and DEL as a runtime does, while whoever leads etcd is killed again and again. */
describe("the leader of etcd killed in a loop", () => {
  test(
    `for ${SECONDS} s: no address twice, no result that the store does not hold, nothing left behind`,
    async () => {
      await using cluster = await startEtcd({ version: "3.6", tls: true, members: 3 });
      const end = performance.now() + SECONDS * 1000;
      const books = new Books();
      const nodes = await Promise.all(
        Array.from({ length: WORKERS }, async (_, index): Promise<Ports> => {
          const store = await openEtcdStore(etcdSettings(cluster, { dialTimeoutMs: 1000 }));
          return { store, node: new FakeNode(`node${index}`), log: () => {}, random: Math.random };
        }),
      );
      await Promise.all([
        ...nodes.map((ports, index) => work(ports, `w${index}`, end, books)),
        kill(cluster, end, books),
      ]);
      await cluster.ready();
      const [ports] = nodes as [Ports];

      expect(books.faults).toEqual([]);
      const held = await allocations(ports);
      for (const [container, address] of books.live) expect(held.get(address)).toEqual([container]);
      for (const container of [...books.live.keys()]) await ended(nodes, container, books);
      for (const each of nodes) await reclaim(each, { records: 100, deadline: performance.now() + 5000 });
      expect(await allocations(ports)).toEqual(new Map());
      console.error(`leader killed for ${SECONDS} s: ${JSON.stringify(books.tally)}`);
      expect(books.tally.added).toBeGreaterThan(SECONDS);
      expect(books.tally.kills).toBeGreaterThan(SECONDS / 5);
      for (const { store } of nodes) await store.close();
    },
    (SECONDS + 60) * 1000,
  );

  async function work(ports: Ports, name: string, end: number, books: Books): Promise<void> {
    const mine: string[] = [];
    for (let turn = 0; performance.now() < end; turn += 1) {
      const container = `${name}-${turn}`;
      const begin = performance.now();
      try {
        const [address = ""] = texts(await add(ports, container, { network: smallNetwork(40), seconds: 15 }));
        books.gave(container, address.replace(/\/.*/, ""));
        mine.push(container);
      } catch (failure) {
        expect(failure).toBeInstanceOf(IpamError);
        books.tally.refused += 1;
        await ended([ports], container, books);
      }
      books.tally.slowest = Math.max(books.tally.slowest, Math.round(performance.now() - begin));
      const oldest = mine.length > 3 ? mine.shift() : undefined;
      if (oldest !== undefined) await ended([ports], oldest, books);
      await Bun.sleep(Math.random() * 20);
    }
  }

  /** DEL until it succeeds, as a runtime does. */
  async function ended(nodes: readonly Ports[], container: string, books: Books): Promise<void> {
    books.live.delete(container);
    const index = nodes.length === 1 ? 0 : Number(/^w(\d+)/.exec(container)?.[1] ?? 0);
    const ports = nodes[index] as Ports;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await del(ports, container);
        books.tally.ended += 1;
        if (attempt > 0) books.tally.endedLater += 1;
        return;
      } catch (failure) {
        if (attempt === 10) throw failure;
        await Bun.sleep(100);
      }
    }
  }

  async function kill(cluster: EtcdCluster, end: number, books: Books): Promise<void> {
    while (performance.now() < end) {
      await Bun.sleep(1200);
      const leader = await leaderOf(cluster);
      if (leader === undefined) continue;
      await leader.kill();
      books.tally.kills += 1;
      await Bun.sleep(600);
      leader.start();
    }
  }

  async function leaderOf(cluster: EtcdCluster): Promise<EtcdMember | undefined> {
    const answer = await cluster.tryCtl("endpoint", "status", "-w", "json");
    if (answer.exitCode !== 0) return undefined;
    const status: { Endpoint: string; Status: { leader: number; header: { member_id: number } } }[] =
      JSON.parse(answer.stdout);
    const leading = status.find(({ Status }) => Status.leader === Status.header.member_id);
    return cluster.members.find(({ endpoint }) => endpoint === leading?.Endpoint);
  }
});
