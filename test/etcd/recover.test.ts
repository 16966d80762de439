import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { AgentNode } from "../kit/agent-node.ts";
import { Books } from "../kit/books.ts";
import { refused } from "../kit/cni.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import type { Finished, Running } from "../kit/run.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** Two machines with agents of their own, on one real etcd that is set back or emptied. */

const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.1.0.0/16", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.60" },
};
const PATIENCE = 120_000;

interface Recovered {
  readonly answered: readonly { node: string; attachments: number; written: number }[];
  readonly silent: readonly string[];
  readonly conflicts: readonly unknown[];
}

describe.each(ETCD_VERSIONS.slice(0, 1))("recovering etcd %s", (version) => {
  let etcd: EtcdCluster;
  let one: AgentNode;
  let two: AgentNode;
  let books: Books;

  beforeEach(async () => {
    etcd = await startEtcd({ version });
    books = new Books();
    const settings = { etcdConfig: { etcdURL: etcd.endpoints.join(",") } };
    one = new AgentNode("n1", etcd.folder, settings, NETWORK);
    two = new AgentNode("n2", etcd.folder, settings, NETWORK);
  }, PATIENCE);
  afterEach(async () => {
    await one[Symbol.asyncDispose]();
    await two[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  const stored = () => listAllocations(() => openEtcdStore(etcdSettings(etcd)));
  const code = async (finished: Promise<Finished>) => refused(await finished).code;

  function recover(seconds: number, started?: (process: Running) => void): Promise<Finished> {
    const timeout = ["--timeout", String(seconds)];
    return one.command(["recover", "--nodes", "n1,n2", ...timeout, "-o", "json"], started);
  }

  /** Six containers, a backup, and a life after it that the backup knows nothing of. */
  async function setBack(): Promise<void> {
    for (const container of ["a1", "a2", "a3"]) await books.add(one, container);
    for (const container of ["b1", "b2", "b3"]) await books.add(two, container);
    const backup = await etcd.snapshot();
    const freed = (await stored()).find(({ container }) => container === "a1")?.address ?? "";
    await books.end(one, "a1");
    await books.add(two, "b4", `IP=${freed}`);
    for (const container of ["a4", "a5", "a6"]) await books.add(one, container);
    await books.add(two, "b5");
    await etcd.restore(backup);
    expect(books.faults(await stored()).join("\n")).toContain("lost: ");
  }

  test(
    "set back: ADDs are refused, the agents tell what lives, no address is given twice",
    async () => {
      await setBack();
      expect(await code(one.tryAdd("x"))).toBe(106);
      await one.startAgent();
      await two.startAgent();
      const trying = new AbortController();
      const load = keepAdding(one, trying.signal);
      const finished = await recover(60);
      trying.abort();
      const { given, codes } = await load;
      expect(`${finished.exitCode} ${finished.stderr}`).toStartWith("0 ");
      const { answered, silent, conflicts } = JSON.parse(finished.stdout) as Recovered;
      expect([answered.map(({ node }) => node).sort(), silent, conflicts]).toEqual([["n1", "n2"], [], []]);
      expect(answered.map(({ attachments }) => attachments).sort()).toEqual([5, 5]);
      expect([...codes].every((each) => [11, 106].includes(each))).toBe(true);
      for (const { container, result } of given) books.gave(container, result);
      await books.add(two, "b9");
      expect(books.faults(await stored())).toEqual([]);
      for (const container of ["a2", "a3", "a4", "a5", "a6"]) await books.end(one, container);
      for (const container of ["b1", "b2", "b3", "b4", "b5", "b9"]) await books.end(two, container);
      for (const { container } of given) await books.end(one, container);
      expect(books.faults(await stored())).toEqual([]);
    },
    PATIENCE,
  );

  test(
    "a silent node's addresses are refused until its agent comes",
    async () => {
      await setBack();
      await one.startAgent();
      const finished = await recover(12);
      expect(`${finished.exitCode} ${finished.stderr}`).toStartWith("1 ");
      expect(JSON.parse(finished.stdout)).toMatchObject({ silent: ["n2"], conflicts: [] });
      expect(finished.stderr).toContain("node n2 has not reported yet what its pods hold");
      const denied = refused(await one.tryAdd("a7"));
      expect(`${denied.code} ${denied.details}`).toStartWith(
        "100 the store was recovered, and node n2 has not reported yet",
      );
      expect(await code(one.tryAdd("a7", "IP=10.1.9.9"))).toBe(101);
      // The silent node gives out nothing either, and its DELs go on.
      expect(await code(two.tryAdd("b8"))).toBe(11);
      await books.end(two, "b1");
      await books.end(two, "b5");
      await books.end(one, "a5");
      await two.startAgent();
      const free = await eventually(async () => {
        const status = await one.command(["recover", "--status", "--nodes", "n1,n2", "-o", "json"]);
        return JSON.parse(status.stdout).refusedFor.length === 0 || undefined;
      }, 60_000);
      expect(free).toBe(true);
      expect(books.faults(await stored())).toEqual([]);
      await books.add(one, "a7", "IP=10.1.9.9");
      await books.add(one, "a8");
      await books.add(two, "b8");
      expect(books.faults(await stored())).toEqual([]);
    },
    PATIENCE,
  );

  test(
    "emptied, killed in the middle, two at once: the same in the end",
    async () => {
      for (const container of ["a1", "a2"]) await books.add(one, container);
      await books.add(two, "b1");
      await etcd.ctl("del", "--prefix", "/kube-ipam/");
      expect(await code(two.tryAdd("x"))).toBe(106);
      await two.forget("x");
      let process: Running | undefined;
      const killed = recover(60, (running) => {
        process = running;
      });
      await eventually(
        async () => (await etcd.ctl("get", "/kube-ipam/v1/meta")).includes("recovering") || undefined,
      );
      process?.kill("SIGKILL");
      expect((await killed).signal).toBe("SIGKILL");
      await two.startAgent();
      // n1 has no agent, and an operator answers for it.
      const here = await one.command(["recover", "--this-node", "-o", "json"]);
      expect(JSON.parse(here.stdout).answer).toMatchObject({ attachments: 2, written: 2, conflicts: [] });
      const results = await Promise.all([recover(60), recover(60)]);
      expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      expect(books.faults(await stored())).toEqual([]);
      await books.add(one, "a3");
      await books.add(two, "b2");
      expect(books.faults(await stored())).toEqual([]);
    },
    PATIENCE,
  );

  test(
    "a lost journal: the runtime's CNI cache tells what lives",
    async () => {
      const address = await books.add(one, "a1");
      const { path } = await one.namespaceOf("a1");
      writeCache(one, "a1", address, path);
      writeCache(one, "gone", "10.1.2.44", `${path}-gone`);
      await etcd.ctl("del", "--prefix", "/kube-ipam/");
      rmSync(one.file("run"), { recursive: true });
      const recovering = one.command(["recover", "--nodes", "n1", "--timeout", "60", "-o", "json"]);
      await one.startAgent();
      expect(JSON.parse((await recovering).stdout)).toMatchObject({ answered: [{ node: "n1", written: 1 }] });
      expect(books.faults(await stored())).toEqual([]);
      // Its namespace was seen, so that its end is seen too.
      await one.forget("a1");
      books.ended("a1");
      const left = await eventually(async () => ((await stored()).length === 0 ? [] : undefined), 60_000);
      expect(left).toEqual([]);
    },
    PATIENCE,
  );
});

/** ADDs one container after another, as a runtime that is told to come again. */
async function keepAdding(node: AgentNode, signal: AbortSignal) {
  const given: { container: string; result: Awaited<ReturnType<AgentNode["add"]>> }[] = [];
  const codes = new Set<number>();
  for (let n = 0; !signal.aborted; n++) {
    const container = `load${n}`;
    const finished = await node.tryAdd(container);
    if (finished.exitCode === 0) given.push({ container, result: JSON.parse(finished.stdout) });
    else {
      codes.add(refused(finished).code);
      await node.end(container);
    }
  }
  return { given, codes };
}

/** What libcni writes beside an ADD that it made. */
function writeCache(node: AgentNode, container: string, address: string, sandbox: string): void {
  const folder = node.file("cni", "results");
  mkdirSync(folder, { recursive: true });
  const list = { cniVersion: "1.0.0", name: "net1", plugins: [{ type: "macvlan", ipam: NETWORK.ipam }] };
  const cached = {
    kind: "cniCacheV1",
    containerId: container,
    config: Buffer.from(JSON.stringify(list)).toString("base64"),
    ifName: "eth0",
    networkName: "net1",
    result: {
      cniVersion: "1.0.0",
      interfaces: [{ name: "eth0", sandbox }],
      ips: [{ address: `${address}/16`, interface: 0 }],
    },
  };
  writeFileSync(`${folder}/net1-${container}-eth0`, JSON.stringify(cached));
}
