import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { CHART, helm } from "../kit/helm.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";

/** The controller's Lease and Secret through installations, upgrades and removals by Helm. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`what Helm keeps: ${missing}`, () => {});

const ETCD = '--set-json=etcd.endpoints=["https://192.168.1.11:2379"]';
/** The definitions of the store stayed with the release of the other namespace. */
const MOVED = "--take-ownership";
const SECRET = "secret/kube-ipam-controller-tls";
const LEASE = "lease/kube-ipam-controller";

describe.skipIf(missing !== undefined)("what the controller fills in", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  const onCluster = async (...args: string[]) => {
    const finished = await helm(...args, `--kubeconfig=${kubernetes.adminConfig}`);
    expect(`${args[0]} ${finished.exitCode} ${finished.exitCode === 0 ? "" : finished.stderr}`).toBe(
      `${args[0]} 0 `,
    );
  };
  const read = (namespace: string, what: string, field: string) =>
    kubernetes.kubectl("-n", namespace, "get", what, "-o", `jsonpath={${field}}`);

  async function through(namespace: string, empty: boolean, ...more: string[]): Promise<void> {
    const there = [`--namespace=${namespace}`, ETCD];
    for (const step of ["install", "upgrade", "upgrade"]) {
      await onCluster(step, "kube-ipam", CHART, ...there, ...more, `--set=controller.podLabels.step=${step}`);
      if (empty && step === "install") await fill(namespace);
      await kept(namespace);
    }
    await onCluster("uninstall", "kube-ipam", there[0] ?? "");
  }

  /** As the controller does, in a Secret and Lease that are there. */
  async function fill(namespace: string): Promise<void> {
    await kubernetes.kubectl("-n", namespace, "patch", SECRET, '--patch={"stringData":{"ca.crt":"ours"}}');
    await kubernetes.kubectl(
      "-n",
      namespace,
      "patch",
      LEASE,
      "--type=merge",
      '--patch={"spec":{"holderIdentity":"ours"}}',
    );
  }

  async function kept(namespace: string): Promise<void> {
    expect(await read(namespace, SECRET, ".data.ca\\.crt")).toBe(btoa("ours"));
    expect(await read(namespace, LEASE, ".spec.holderIdentity")).toBe("ours");
  }

  test("K147: Helm makes them, empty, and keeps them through upgrade, removal and another installation", async () => {
    await kubernetes.kubectl("apply", "-f", join(CHART, "rbac/namespace.yaml"));
    await through("kube-ipam", true);
    await kept("kube-ipam");
    await through("kube-ipam", false);
    await kept("kube-ipam");
  }, 120_000);

  test("K147: what an earlier controller has made itself stays as it is", async () => {
    await kubernetes.apply(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "kube-ipam-controller-tls", namespace: "kube-system" },
        type: "kubernetes.io/tls",
        stringData: { "ca.crt": "ours", "tls.crt": "", "tls.key": "" },
      },
      {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "kube-ipam-controller", namespace: "kube-system" },
        spec: { holderIdentity: "ours" },
      },
    );
    await through("kube-system", false, MOVED);
    await kept("kube-system");
  }, 120_000);
});
