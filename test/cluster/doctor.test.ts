import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { operatorToken } from "../kit/kubernetes-role.ts";
import { type OperatedCluster, operatedCluster } from "../kit/operators.ts";

/** `kube-ipam doctor` on the built executable: what it says of the cluster, and of a real etcd. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`doctor: ${missing}`, () => {});

interface Finding {
  readonly check: string;
  readonly result: string;
  readonly found: string;
  readonly remedy?: string;
}

describe.skipIf(missing !== undefined)("doctor", () => {
  let cluster: OperatedCluster;
  let account = 0;
  beforeAll(async () => {
    cluster = await operatedCluster({ subnet: "10.1.2.0/24" });
    await cluster.run({ name: "a" }, cluster.n1);
  }, 120_000);
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  /** The findings whose check begins so, as "result found". */
  async function findings(check: string, ...args: string[]): Promise<string[]> {
    const finished = await cluster.n1.operate("doctor", "--conf-dir", "/nowhere", "-o", "json", ...args);
    const all = JSON.parse(finished.stdout) as Finding[];
    expect(finished.exitCode).toBe(all.some(({ result }) => result === "FAILED") ? 1 : 0);
    for (const { remedy, result } of all) expect(remedy === undefined).toBe(result === "ok");
    return all
      .filter((each) => each.check.startsWith(check))
      .map(({ result, found }) => `${result} ${found}`);
  }

  /** A kubeconfig of a new service account with these rules. */
  async function kubeconfig(rules: readonly object[]): Promise<string> {
    const name = `account-${account++}`;
    const { kubernetes } = cluster.world;
    const rbac = "rbac.authorization.k8s.io";
    await kubernetes.apply(
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "default" } },
      { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name }, rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
        subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
      },
    );
    return kubernetes.kubeConfig({ token: (await kubernetes.kubectl("create", "token", name)).trim() });
  }

  test("the shipped role is all that the plugin needs, and its Node is this machine", async () => {
    expect(await findings("rights of")).toEqual(["ok all that is needed"]);
    expect(await findings("kubeconfig")).toEqual([
      expect.stringMatching(/^ok the API server answers, cluster /),
    ]);
    expect(await findings("Node n1")).toEqual(["ok is this machine, Ready"]);
  });

  test("an operator's kubeconfig must allow to list", async () => {
    const own = cluster.kubeconfig;
    expect(await findings(`rights of ${own}`, "--kubeconfig", own)).toEqual(["ok all that is needed"]);
    const plugin = await kubeconfig(CORE);
    expect(await findings(`rights of ${plugin}`, "--kubeconfig", plugin)).toEqual([
      "FAILED may not list pods, list nodes",
    ]);
  });

  test("rights that are missing, and too many", async () => {
    const config = async (rules: readonly object[]) => {
      const path = await kubeconfig(rules);
      const ipam = { ...(cluster.n1.network.ipam as { etcdConfig: object }) };
      const network = {
        ...cluster.n1.network,
        ipam: { ...ipam, etcdConfig: { ...ipam.etcdConfig, kubeConfig: path } },
      };
      return cluster.n1.withNetwork(network);
    };
    const look = async (rules: readonly object[]) => {
      const node = await config(rules);
      const finished = await node.operate("doctor", "--conf-dir", "/nowhere", "-o", "json");
      const all = JSON.parse(finished.stdout) as Finding[];
      return all
        .filter(({ check }) => check.startsWith("rights of"))
        .map(({ result, found }) => `${result} ${found}`);
    };
    expect(await look(CORE.slice(0, 1))).toEqual(["FAILED may not get pods, get nodes"]);
    expect(await look(CORE)).toEqual([
      expect.stringContaining("warning may not get replicationcontrollers, get deployments.apps"),
    ]);
    const everything = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
    expect(await look(everything)).toEqual([
      "warning may do everything: anyone who can read it controls the cluster",
    ]);
  });

  test("a node's name that Kubernetes does not know, and another machine's", async () => {
    expect(await findings("Node elsewhere", "--node-name", "elsewhere")).toEqual([
      "FAILED Kubernetes has no Node of this node's name: a holder here could never be fenced",
    ]);
    expect((await findings("Node n2", "--node-name", "n2"))[0]).toStartWith(
      "warning that Node's machine booted as",
    );
  });

  test("etcd: each member, its version and room", async () => {
    expect(await findings("etcd member")).toEqual([
      expect.stringMatching(/^ok etcd 3\.\d+\.\d+, \d+\.\d MiB/),
    ]);
    expect((await findings("etcd https://"))[0]).toStartWith("ok answers, store ");
  });

  test("a token that is not accepted, and no API server", async () => {
    const { kubernetes } = cluster.world;
    const wrong = kubernetes.kubeConfig({ token: "wrong" });
    expect((await findings(`kubeconfig ${wrong}`, "--kubeconfig", wrong))[0]).toContain(
      "does not accept the credentials",
    );
    const token = await operatorToken(kubernetes);
    const nowhere = kubernetes.kubeConfig({ token }, { server: "https://127.0.0.1:1" });
    expect((await findings(`kubeconfig ${nowhere}`, "--kubeconfig", nowhere))[0]).toContain(
      "cannot be reached",
    );
  });
});

const CORE = [
  { apiGroups: [""], resources: ["namespaces"], verbs: ["get"] },
  { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get"] },
];
