import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { AgentNode } from "../kit/agent-node.ts";
import { Books } from "../kit/books.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { CHART, helm } from "../kit/helm.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { accountConfig } from "../kit/kubernetes-role.ts";
import { listAllocations } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/**
 * The whole procedure of docs/migrate.md on a cluster that Helm has installed: its rights and policies, credentials of
 * nodes and of an operator, and the node's file as the release has it.
 */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`store move with Helm: ${missing}`, () => {});

const NAMESPACE = "kube-ipam";
const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.1.2.0/24", coolingSeconds: 0 },
};
const PATIENCE = 240_000;

describe.skipIf(missing !== undefined)("store move on a cluster that Helm has installed", () => {
  let kubernetes: Kubernetes;
  let etcd: EtcdCluster;
  let nodes: AgentNode[];
  let books: Books;
  let operator: string;
  /** How often Helm has been asked: the first time installs. */
  let releases = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    for (const name of ["n1", "n2"])
      await kubernetes.apply({ apiVersion: "v1", kind: "Node", metadata: { name } });
  }, PATIENCE);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    const [version = "3.4"] = ETCD_VERSIONS;
    etcd = await startEtcd({ version });
    books = new Books();
    nodes = [];
    await release(...onEtcd());
    operator = await accountConfig(kubernetes, NAMESPACE, "kube-ipam-operator");
    nodes = ["n1", "n2"].map((name) => new AgentNode(name, etcd.folder, {}, NETWORK));
    await eventually(async () => ((await mayWrite("admin")) ? undefined : true), 30_000);
    for (const node of nodes) await rollOut(node);
  }, PATIENCE);
  afterEach(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
    for (const resource of ["addressrecords", "storerecords"])
      await kubernetes.kubectl(
        ...["delete", `${resource}.store.kube-ipam.io`, "--all", "--as=admin"],
        ...["--as-group=system:masters", "--as-group=kube-ipam:operators"],
      );
  }, PATIENCE);

  const first = () => nodes[0] as AgentNode;
  const second = () => nodes[1] as AgentNode;
  const onEtcd = () => [`--set-json=etcd.endpoints=${JSON.stringify(etcd.endpoints)}`];

  /** What an operator types; the rights over records stay for the time of the move. */
  async function release(...values: string[]): Promise<void> {
    const step = releases === 0 ? ["install", "--create-namespace"] : ["upgrade"];
    const [verb = "", ...more] = step;
    const finished = await helm(
      ...[verb, "kube-ipam", CHART, `--namespace=${NAMESPACE}`, ...more],
      ...["--set=rbac.store=true", "--set=rbac.operator=true", ...values],
      `--kubeconfig=${kubernetes.adminConfig}`,
    );
    expect(`${verb} ${finished.exitCode} ${finished.exitCode === 0 ? "" : finished.stderr}`).toBe(
      `${verb} 0 `,
    );
    releases += 1;
  }

  /** What makes the DaemonSet start its pods anew. */
  async function podsOfNow(): Promise<string> {
    return kubernetes.kubectl(
      ...["-n", NAMESPACE, "get", "daemonset/kube-ipam-agent", "-o", "jsonpath={.spec.template.metadata}"],
    );
  }

  /** As the agent's pod does when it starts: the node's file of the release, with a credential of this node's own. */
  async function rollOut(node: AgentNode): Promise<void> {
    await node.stopAgent();
    const text = await kubernetes.kubectl(
      ...["-n", NAMESPACE, "get", "configmap/kube-ipam-node", "-o", "jsonpath={.data.config\\.json}"],
    );
    const { nodeName, dataDir, runDir, cniCacheDir, logFile } = JSON.parse(
      readFileSync(node.configPath, "utf8"),
    );
    const kubeConfig = await credentialOf(node);
    const own = { nodeName, dataDir, runDir, cniCacheDir, logFile, kubeConfig };
    writeFileSync(node.configPath, JSON.stringify({ ...JSON.parse(text), ...own }));
    await node.startAgent();
  }

  function credentialOf({ name }: AgentNode): Promise<string> {
    const bound = ["--bound-object-kind=Node", `--bound-object-name=${name}`];
    return accountConfig(kubernetes, NAMESPACE, "kube-ipam", ...bound);
  }

  /** The store of a release as a file for `--config` or `--to`, reached with the operator's credential. */
  function fileOf(kind: "etcd" | "kubernetes"): string {
    const path = etcd.folder.file(`${kind}.json`);
    const own = {
      dataDir: etcd.folder.file("operator"),
      runDir: etcd.folder.file("operator-run"),
      nodeName: "op",
    };
    const store =
      kind === "etcd"
        ? { etcdConfig: { etcdURL: etcd.endpoints.join(",") } }
        : { store: "kubernetes", kubeConfig: operator };
    writeFileSync(path, JSON.stringify({ ...own, ...store }));
    return path;
  }

  /** Whether somebody without a credential of ours may write records: the policies are in force a moment after Helm. */
  async function mayWrite(user: string): Promise<boolean> {
    const path = kubernetes.folder.file("try.json");
    const spec = { records: "[]", written: "w" };
    const record = {
      apiVersion: "store.kube-ipam.io/v1",
      kind: "StoreRecord",
      metadata: { name: "try" },
      spec,
    };
    writeFileSync(path, JSON.stringify(record));
    const as = [`--as=${user}`, "--as-group=system:masters"];
    return (await kubernetes.tryKubectl("create", "--dry-run=server", "-f", path, ...as)).exitCode === 0;
  }

  const stored = (kind: "etcd" | "kubernetes") =>
    listAllocations(() =>
      kind === "etcd"
        ? openEtcdStore(etcdSettings(etcd))
        : Promise.resolve(openKubernetesStore({ kind: "kubernetes", kubeConfig: kubernetes.adminConfig })),
    );

  async function done(...args: string[]): Promise<string> {
    const finished = await first().command(args);
    expect(`${finished.exitCode} ${finished.exitCode === 0 ? "" : finished.stderr}`).toBe("0 ");
    return finished.stdout;
  }

  test(
    "K326: an operator's account moves under the policies, and Helm gives the nodes the new store; there, and back",
    async () => {
      await books.add(first(), "a1");
      await books.add(first(), "a2");
      await books.add(second(), "b1", "IP=10.1.2.40");
      const before = await podsOfNow();
      const to = ["--to", "kubernetes", "--kubeconfig", operator];
      await done("store", "move", "--config", fileOf("etcd"), ...to);
      await done("store", "move", "--config", fileOf("etcd"), ...to, "--status");
      await release();
      expect(await podsOfNow()).not.toBe(before);
      await rollOut(first());
      await books.end(first(), "a1");
      await books.addSoon(first(), "a3");
      // Off during the whole move: its pods live, and what they have is taken.
      expect((await first().tryAdd("thief", "IP=10.1.2.40")).exitCode).not.toBe(0);
      await rollOut(second());
      await books.addSoon(second(), "b2");
      expect(books.faults(await stored("kubernetes"))).toEqual([]);
      expect(
        JSON.parse(
          await done(
            "recover",
            "--status",
            "--config",
            fileOf("kubernetes"),
            "--nodes",
            "n1,n2",
            "-o",
            "json",
          ),
        ),
      ).toMatchObject({
        refusedFor: [],
      });

      await done("store", "move", "--config", fileOf("kubernetes"), "--to", fileOf("etcd"));
      await release(...onEtcd());
      expect(await podsOfNow()).toBe(before);
      for (const node of nodes) await rollOut(node);
      await books.end(second(), "b1");
      await books.addSoon(second(), "b3");
      expect(books.faults(await stored("etcd"))).toEqual([]);
    },
    PATIENCE,
  );

  test(
    "K327: with a node's credential nothing is moved, and it says why; nor does a node end a suspicion, but an operator on it",
    async () => {
      await books.add(first(), "a1");
      const own = await credentialOf(first());
      const refused = await first().command(["store", "move", "--to", "kubernetes", "--kubeconfig", own]);
      expect(`${refused.exitCode} ${refused.stderr}`).toContain(
        "may raise the epoch of the store and suspect it",
      );
      await books.add(first(), "a2");

      await release();
      const there = ["--config", fileOf("etcd"), "--to", "kubernetes", "--kubeconfig", operator];
      await done("store", "move", ...there);
      await rollOut(first());
      await books.addSoon(first(), "a3");
      await suspect("n1");
      const accepted = await first().command(["store", "accept"]);
      expect(`${accepted.exitCode} ${accepted.stderr}`).toContain("store accept --kubeconfig FILE");
      expect(accepted.exitCode).not.toBe(0);
      await done("store", "accept", "--kubeconfig", operator);
      await books.addSoon(first(), "a4");
      expect(books.faults(await stored("kubernetes"))).toEqual([]);
    },
    PATIENCE,
  );

  /** As a node writes it that has evidence. */
  async function suspect(node: string): Promise<void> {
    const store = openKubernetesStore({ kind: "kubernetes", kubeConfig: operator });
    const options = { deadline: performance.now() + 10_000 };
    const ref = { kind: "meta" } as const;
    const meta = (await store.read({ refs: [ref] }, options)).get(ref);
    if (meta === undefined) throw new Error("expected an identity");
    const suspicion = { node, why: "a test says so", since: "" };
    const puts = [{ ref, record: { ...meta.record, state: "suspect" as const, suspicion } }];
    const outcome = await store.commit(
      { guards: [{ ref, revision: meta.revision }], puts, deletes: [] },
      options,
    );
    await store.close();
    expect(outcome.won).toBe(true);
  }
});
