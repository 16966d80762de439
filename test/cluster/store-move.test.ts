import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { AgentNode } from "../kit/agent-node.ts";
import { Books } from "../kit/books.ts";
import { addressesOf } from "../kit/cni.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import type { Finished, Running } from "../kit/run.ts";
import { installStoreResources } from "../kit/store-resources.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";

/** `kube-ipam store move` between a real etcd and a real API server, with two machines whose agents run and pods live. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`store move: ${missing}`, () => {});

const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: {
    type: "kube-ipam",
    subnet: "10.1.2.0/24",
    rangeStart: "10.1.2.2",
    rangeEnd: "10.1.2.60",
    coolingSeconds: 0,
  },
};
const PATIENCE = 180_000;
const KINDS = ["etcd", "kubernetes"] as const;
type Kind = (typeof KINDS)[number];

describe.skipIf(missing !== undefined)("store move", () => {
  let kubernetes: Kubernetes;
  let etcd: EtcdCluster;
  let nodes: AgentNode[];
  let books: Books;
  let count = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installStoreResources(kubernetes);
  }, PATIENCE);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const resource of ["addressrecords", "storerecords"])
      await kubernetes.request("DELETE", `/apis/store.kube-ipam.io/v1/${resource}`);
    const [version = "3.4"] = ETCD_VERSIONS;
    etcd = await startEtcd({ version });
    books = new Books();
    count += 1;
    nodes = ["a", "b"].map((name) => new AgentNode(`n${count}${name}`, etcd.folder, keysOf("etcd"), NETWORK));
    for (const kind of KINDS) writeFileSync(fileOf(kind), JSON.stringify(keysOf(kind)));
  }, PATIENCE);
  afterEach(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  const keysOf = (kind: Kind): Record<string, unknown> =>
    kind === "etcd"
      ? { etcdConfig: { etcdURL: etcd.endpoints.join(",") } }
      : { store: "kubernetes", kubeConfig: kubernetes.adminConfig };
  const fileOf = (kind: Kind) => etcd.folder.file(`${kind}.json`);
  const first = () => nodes[0] as AgentNode;
  const second = () => nodes[1] as AgentNode;
  async function faults(kind: Kind): Promise<string[]> {
    const open = () =>
      kind === "etcd"
        ? openEtcdStore(etcdSettings(etcd))
        : Promise.resolve(openKubernetesStore({ kind: "kubernetes", kubeConfig: kubernetes.adminConfig }));
    return books.faults(await listAllocations(open));
  }

  /** What an operator rolls out: the node's file, and the agent anew. */
  async function give(kind: Kind, node: AgentNode): Promise<void> {
    const {
      etcdConfig: _,
      store: __,
      kubeConfig: ___,
      ...own
    } = JSON.parse(readFileSync(node.configPath, "utf8"));
    await node.stopAgent();
    writeFileSync(node.configPath, JSON.stringify({ ...own, ...keysOf(kind) }));
    await node.startAgent();
  }

  function move(
    from: Kind,
    to: Kind,
    flags: readonly string[] = [],
    started?: (process: Running) => void,
  ): Promise<Finished> {
    return first().command(
      ["store", "move", "--config", fileOf(from), "--to", fileOf(to), ...flags],
      started,
    );
  }

  async function moved(from: Kind, to: Kind): Promise<{ written: number; records: Record<string, number> }> {
    const finished = await move(from, to, ["-o", "json"]);
    expect(`${finished.exitCode} ${finished.stderr}`).toStartWith("0 ");
    return JSON.parse(finished.stdout);
  }

  test(
    "K315: to Kubernetes and back with living pods: addresses stay, DELs work, nothing twice, nothing left",
    async () => {
      for (const node of nodes) await node.startAgent();
      const kept = await books.add(first(), "a1");
      const fixed = await books.add(second(), "b1", "IP=10.1.2.40");
      await books.add(first(), "a2");
      await books.add(second(), "b2");
      const { records } = await moved("etcd", "kubernetes");
      expect(records).toMatchObject({ allocation: 4, attachment: 4 });

      // Not switched yet: nothing is given out, and a DEL waits for the new store.
      const refused = await first().tryAdd("a3");
      expect(refused.stdout).toContain("address spaces live in the Kubernetes store");
      expect(JSON.parse(refused.stdout).code).toBe(11);
      expect((await first().tryDel("a2")).exitCode).not.toBe(0);

      await give("kubernetes", first());
      await books.end(first(), "a2");
      expect(await books.addSoon(first(), "a3")).not.toBe(fixed);
      // Its address is taken also for the node that was switched: the other one has it, switched or not.
      expect((await first().tryAdd("thief", "IP=10.1.2.40")).exitCode).not.toBe(0);
      await give("kubernetes", second());
      await books.addSoon(second(), "b3");
      await books.end(second(), "b2");
      // A runtime may ask again: the pod has what it had.
      expect(addressesOf(await first().add("a1"))).toEqual([kept]);
      expect(await faults("kubernetes")).toEqual([]);

      await moved("kubernetes", "etcd");
      for (const node of nodes) await give("etcd", node);
      await books.end(second(), "b1");
      expect(await books.addSoon(second(), "b4")).toBeDefined();
      expect(addressesOf(await first().add("a1"))).toEqual([kept]);
      expect(await faults("etcd")).toEqual([]);
      const check = await first().command(["check"]);
      expect(`${check.exitCode} ${check.stdout}${check.stderr}`).toStartWith("0 ");
    },
    PATIENCE,
  );

  test(
    "K316: killed at any moment it can be run again or taken back",
    async () => {
      for (let n = 0; n < 20; n++) await books.add(first(), `c${n}`);
      for (const after of [150, 300, 450, 600, 800]) {
        const killed = await move("etcd", "kubernetes", [], ({ kill }) =>
          setTimeout(() => kill("SIGKILL"), after),
        );
        if (killed.exitCode === 0) break;
        const status = await move("etcd", "kubernetes", ["--status", "-o", "json"]);
        const { source, target } = JSON.parse(status.stdout);
        expect([source.state, target.state].filter((state) => state === "ready").length).toBeLessThan(2);
        if (target.state === "ready") break;
        if (after % 300 === 0) {
          const back = await move("etcd", "kubernetes", ["--abort"]);
          expect(`${back.exitCode} ${back.stderr}`).toBe("0 ");
          await books.end(first(), `c${after / 300}`);
          await books.add(first(), `d${after}`);
          expect(await faults("etcd")).toEqual([]);
        }
      }
      await moved("etcd", "kubernetes");
      expect(await faults("kubernetes")).toEqual([]);
      expect((await move("etcd", "kubernetes", ["--abort"])).stderr).toContain("is open");
      await give("kubernetes", first());
      await books.addSoon(first(), "last");
      expect(await faults("kubernetes")).toEqual([]);
    },
    PATIENCE,
  );

  test(
    "K317: a target that others use is refused, and nothing is stopped",
    async () => {
      await books.add(first(), "a1");
      await give("kubernetes", second());
      await books.add(second(), "b1");
      const refused = await move("etcd", "kubernetes");
      expect(refused.stderr).toContain("is in use");
      expect((await first().tryAdd("a2")).exitCode).toBe(0);
    },
    PATIENCE,
  );
});
