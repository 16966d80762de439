import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { accountConfig, applyStoreRights, nodeConfig } from "../kit/kubernetes-role.ts";
import { run } from "../kit/run.ts";
import { installStoreResources } from "../kit/store-resources.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** `kube-ipam doctor` of the store on Kubernetes' own API, from an empty cluster to one where all is installed. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`doctor of records in Kubernetes: ${missing}`, () => {});

const KEPT = join(import.meta.dir, "../../deploy/crds/kept.yaml");

interface Finding {
  readonly check: string;
  readonly result: string;
  readonly found: string;
  readonly remedy?: string;
}

describe.skipIf(missing !== undefined)("doctor of records in Kubernetes", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await kubernetes.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } });
  }, 90_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  /** What it says of the store by these credentials: "result found", by the beginning of what was checked. */
  async function told(kubeconfig: string): Promise<Record<string, string>> {
    const { file } = kubernetes.folder;
    const own = [
      "--data-dir",
      file("data"),
      "--run-dir",
      file("run"),
      "--node-name",
      "n1",
      "--timeout",
      "10",
    ];
    const finished = await run(
      [
        kubeIpamExecutable(),
        "doctor",
        "-o",
        "json",
        "--store",
        "kubernetes",
        "--kubeconfig",
        kubeconfig,
      ].concat(own, ["--conf-dir", "/nowhere", "--bin-dir", "/nowhere"]),
      { env: { KUBE_IPAM_CONFIG: file("none") }, limit: 60_000 },
    );
    const findings = JSON.parse(finished.stdout) as Finding[];
    for (const { remedy, result } of findings) expect(remedy === undefined).toBe(result === "ok");
    const of = findings.filter(({ check }) => check.endsWith(` by ${kubeconfig}`));
    return Object.fromEntries(
      of.map(({ check, found, result }) => [check.slice(0, check.indexOf(" by ")), `${result} ${found}`]),
    );
  }

  const records = () => kubernetes.kubectl("get", "addressrecords,storerecords", "-o", "name");

  test("K334: definitions, rights and policies are named one after the other, until all is well", async () => {
    const { adminConfig, kubectl } = kubernetes;
    expect(await told(adminConfig)).toMatchObject({
      Kubernetes: expect.stringMatching(/^FAILED .* are not installed/),
      "definitions of records": expect.stringMatching(/^FAILED .* are not installed/),
    });
    await installStoreResources(kubernetes);
    const bare = await told(adminConfig);
    expect(bare).toMatchObject({
      Kubernetes: expect.stringMatching(/^ok answers, not initialised yet/),
      "definitions of records": "ok are served",
      "rights over records": "ok all that is needed",
    });
    expect(bare["policies over records"]).toBe(
      "warning kube-ipam-store-nodes, kube-ipam-store-writers, kube-ipam-store-kept missing: RBAC alone bounds who writes or deletes records",
    );
    await kubectl("create", "serviceaccount", "stranger");
    const stranger = await accountConfig(kubernetes, "default", "stranger");
    expect(await told(stranger)).toMatchObject({
      Kubernetes: expect.stringMatching(/^FAILED .*cannot list resource "storerecords"/),
      "rights over records": expect.stringMatching(
        /^FAILED may not get addressrecords, list addressrecords, .*delete storerecords$/,
      ),
    });
    await kubectl("create", "namespace", "kube-ipam");
    await applyStoreRights(kubernetes);
    await kubectl("apply", "-f", KEPT);
    // Policies are in force a moment after they were made.
    await eventually(
      async () => ((await told(adminConfig)).Kubernetes?.startsWith("FAILED") ? true : undefined),
      30_000,
    );
    expect(await told(adminConfig)).toMatchObject({
      Kubernetes: expect.stringMatching(
        /^FAILED the API server at \S+ takes records from kube-ipam's accounts and from operators alone/,
      ),
      "policies over records": "ok are installed",
    });
    const well = {
      Kubernetes: expect.stringMatching(/^ok answers, not initialised yet/),
      "definitions of records": "ok are served",
      "rights over records": "ok all that is needed",
    };
    const operator = await accountConfig(kubernetes, "kube-system", "kube-ipam-operator");
    expect(await told(operator)).toEqual({ ...well, "policies over records": "ok are installed" });
    // A node's account may not look at policies.
    expect(await told(await nodeConfig(kubernetes, "n1"))).toEqual(well);
    // It has looked whether it may write, and has written nothing.
    expect(await records()).toBe("");
  }, 120_000);

  test("K334: an API server that is away, and one that is another's", async () => {
    const away = kubernetes.kubeConfig({ token: "t" }, { server: "https://127.0.0.1:1" });
    expect(await told(away)).toEqual({
      Kubernetes: expect.stringMatching(
        /^FAILED the API server at https:\/\/127\.0\.0\.1:1 cannot be reached: /,
      ),
    });
    const stranger = kubernetes.kubeConfig({ token: "t" });
    expect(await told(stranger)).toMatchObject({
      Kubernetes: expect.stringContaining(`does not accept the credentials in ${stranger} (401)`),
    });
  }, 60_000);
});
