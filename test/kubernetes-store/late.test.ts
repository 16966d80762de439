import { describe, expect, test } from "bun:test";
import type { AgentNode } from "../kit/agent-node.ts";
import { type ApiProxy, type Fate, isWrite, type Passing, startApiProxy } from "../kit/api-proxy.ts";
import { Checker } from "../kit/checker.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { added } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import type { Running } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/**
 * docs/behaviour.md K347, K348: a process is killed while what it sent is on its way, which arrives after the DEL of
 * its container.
 */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`what comes late to the store on Kubernetes: ${missing}`, () => {});

const LIMIT = 300_000;
const KINDS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["one address", {}],
  [
    "two addresses",
    { ranges: [[{ subnet: "10.50.0.0/28" }], [{ subnet: "fd00:50::/64" }]], subnet: undefined },
  ],
];
/** More writes than any verb makes; the loops end earlier, with the first verb that meets none of them. */
const MOST = 40;

describe.skipIf(missing !== undefined)("what comes late to the store on Kubernetes", () => {
  const store = clusterStoreOfFile();

  test.each(KINDS)(
    "K347: an ADD of %s killed at each write in turn, its DEL, then the write: nothing is held",
    async (_kind, ipam) => {
      using proxy = orphaning();
      await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam });
      await node.add("warm");
      await eachWrite(async (nth) => {
        const container = `c${nth}`;
        const arrive = await killedAt(proxy, nth, (options) => node.tryAdd(container, "", options));
        expect((await node.tryDel(container)).exitCode).toBe(0);
        await arrive?.();
        await expectHeldBy(["warm"]);
        await node.forget(container);
        return arrive !== undefined;
      });
      expect(await ended(node, "warm")).toEqual([]);
    },
    LIMIT,
  );

  test.each(KINDS)(
    "K347: an ADD of %s killed at each write in turn, another ADD of the same, then the write: it has what was printed",
    async (_kind, ipam) => {
      using proxy = orphaning();
      await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam });
      await node.add("warm");
      await eachWrite(async (nth) => {
        const container = `c${nth}`;
        const id = { network: "net1", container, ifname: "eth0" };
        const arrive = await killedAt(proxy, nth, (options) => node.tryAdd(container, "", options));
        const books = new Checker();
        books.gave(id, await node.add(container));
        await arrive?.();
        const stored = (await store().stored()).filter((each) => each.container !== "warm");
        expect(books.faults(stored)).toEqual([]);
        books.gave(id, await node.add(container));
        expect(books.faults(stored)).toEqual([]);
        expect(await ended(node, container)).not.toContain(container);
        return arrive !== undefined;
      });
      expect(await ended(node, "warm")).toEqual([]);
    },
    LIMIT,
  );

  test.each(KINDS)(
    "K347: a DEL of %s killed at each write in turn, another DEL, another ADD, then the write: that ADD keeps what it has",
    async (_kind, ipam) => {
      using proxy = orphaning();
      await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam });
      await eachWrite(async (nth) => {
        const container = `c${nth}`;
        await node.add(container);
        const arrive = await killedAt(proxy, nth, (options) => node.tryDel(container, options));
        expect(await ended(node, container)).toEqual([]);
        const books = new Checker();
        books.gave(
          { network: "net1", container: `next${nth}`, ifname: "eth0" },
          await node.add(`next${nth}`),
        );
        await arrive?.();
        expect(books.faults(await store().stored())).toEqual([]);
        expect(await ended(node, `next${nth}`)).toEqual([]);
        return arrive !== undefined;
      });
    },
    LIMIT,
  );

  test(
    "K348: plugins killed after random times, on a slow way: their DELs leave nothing, and nobody has what another has",
    async () => {
      using proxy = orphaning();
      await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam: WIDE });
      slow(proxy);
      await storm(proxy, node, (container) =>
        node.tryAdd(container, "", { started: (process) => void killLater(process, 900) }),
      );
    },
    LIMIT,
  );

  test(
    "K348: the same of an agent that is killed and started again",
    async () => {
      using proxy = orphaning();
      await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam: WIDE, through: "agent" });
      await node.startAgent();
      slow(proxy);
      const killing = { isOver: false };
      const killer = (async () => {
        while (!killing.isOver) {
          await Bun.sleep(1_200 * Math.random());
          await node.killAgent();
          await node.startAgent();
        }
      })();
      await storm(
        proxy,
        node,
        (container) => node.tryAdd(container),
        async () => {
          killing.isOver = true;
          await killer;
        },
      );
    },
    LIMIT,
  );

  function orphaning(): ApiProxy {
    const proxy = startApiProxy(store().kubernetes);
    proxy.keepsOrphans = true;
    return proxy;
  }

  async function expectHeldBy(containers: readonly string[]): Promise<void> {
    expect([...new Set((await store().stored()).map(({ container }) => container))]).toEqual([...containers]);
  }

  async function ended(node: AgentNode, container: string): Promise<string[]> {
    expect((await node.end(container)).exitCode).toBe(0);
    return (await store().stored()).map((each) => each.container);
  }

  /** ADDs that die, eight at once; the DEL of each that did not succeed; and what is there at the end. */
  async function storm(
    proxy: ApiProxy,
    node: AgentNode,
    add: (container: string) => ReturnType<AgentNode["tryAdd"]>,
    calm: () => Promise<void> = async () => {},
  ): Promise<void> {
    const books = new Checker();
    const begun = Array.from({ length: 24 }, (_, n) => `c${n}`);
    let died = 0;
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      for (const container of begun.filter((__, n) => n % 8 === lane)) {
        const id = { network: "net1", container, ifname: "eth0" };
        const finished = await add(container);
        if (finished.exitCode === 0) {
          books.gave(id, added(finished));
          continue;
        }
        died += 1;
        // The runtime sends it until it succeeds.
        await eventually(async () => (await node.tryDel(container)).exitCode === 0 || undefined, 60_000);
        await node.forget(container);
      }
    });
    await Promise.all(lanes);
    await calm();
    await arrived(proxy);
    expect(books.faults(await store().stored())).toEqual([]);
    expect(died).toBeGreaterThan(0);
    proxy.fate = () => "pass";
    for (const container of begun) expect((await node.end(container)).exitCode).toBe(0);
    expect(await store().stored()).toEqual([]);
  }
});

const WIDE = { subnet: "10.50.0.0/24" };

/** Counts from the first write to the first run that made fewer. */
async function eachWrite(run: (nth: number) => Promise<boolean>): Promise<void> {
  for (let nth = 1; nth < MOST; nth += 1) if (!(await run(nth))) return;
  throw new Error(`expected the verb to make fewer than ${MOST} writes`);
}

/**
 * Runs a verb whose process is killed while its nth write is on its way.
 *
 * @returns lets the write arrive, and waits for that; undefined: the verb made fewer.
 */
async function killedAt(
  proxy: ApiProxy,
  nth: number,
  verb: (options: { readonly started: (process: Running) => void }) => Promise<unknown>,
): Promise<(() => Promise<void>) | undefined> {
  const { promise, resolve } = Promise.withResolvers<Fate>();
  const { promise: met, resolve: meet } = Promise.withResolvers<Passing>();
  let writes = 0;
  proxy.fate = (request) => {
    if (!isWrite(request)) return "pass";
    writes += 1;
    if (writes !== nth) return "pass";
    meet(request);
    return promise;
  };
  const processes: Running[] = [];
  const over = verb({ started: (process) => void processes.push(process) });
  const held = await Promise.race([met, over.then(() => undefined)]);
  for (const process of processes) process.kill("SIGKILL");
  await over;
  proxy.fate = () => "pass";
  if (held === undefined) return undefined;
  return async () => {
    resolve("pass");
    await eventually(async () => (held.ended === undefined ? undefined : true));
  };
}

/** Each write takes up to half a second on its way. */
function slow(proxy: ApiProxy): void {
  proxy.fate = (request) =>
    isWrite(request) ? Bun.sleep(500 * Math.random()).then((): Fate => "pass") : "pass";
}

async function killLater(process: Running, longest: number): Promise<void> {
  await Bun.sleep(longest * Math.random());
  process.kill("SIGKILL");
}

/** Nothing is on its way any more. */
async function arrived({ requests }: ApiProxy): Promise<void> {
  const isOpen = ({ ended, path }: Passing) => ended === undefined && !path.includes("watch=");
  await eventually(async () => (requests.some(isOpen) ? undefined : true));
}
