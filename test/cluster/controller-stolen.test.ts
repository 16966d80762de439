import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Controller, startController } from "../kit/controller.ts";
import { applyApiService, applyControllerService, applyFor } from "../kit/controller-service.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { eventually } from "../kit/wait.ts";

/** What a stranger can do with the controller's token. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`a stolen controller: ${missing}`, () => {});

const CONTROLLER = "--as=system:serviceaccount:kube-ipam:kube-ipam-controller";
const WEBHOOKS = "validatingwebhookconfiguration/kube-ipam";
const API_SERVICE = "apiservice/v1.ipam.kube-ipam.io";

const bootstrapToken = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "bootstrap-token-abcdef" },
  type: "bootstrap.kubernetes.io/token",
  stringData: { "token-id": "abcdef", "token-secret": "0123456789abcdef" },
};

const accountToken = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: "kube-ipam-controller-tls",
    annotations: { "kubernetes.io/service-account.name": "default" },
  },
  type: "kubernetes.io/service-account-token",
};

/** Each of a webhook that sees and stops more than it should, or leads elsewhere. */
const WIDER: readonly object[] = [
  {
    op: "replace",
    path: "/webhooks/0/rules",
    value: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }],
  },
  { op: "remove", path: "/webhooks/0/matchConditions" },
  { op: "replace", path: "/webhooks/0/failurePolicy", value: "Fail" },
  { op: "replace", path: "/webhooks/0/timeoutSeconds", value: 30 },
  { op: "replace", path: "/webhooks/0/clientConfig", value: { url: "https://192.0.2.1/" } },
  { op: "replace", path: "/webhooks/0/clientConfig/service/namespace", value: "default" },
  { op: "add", path: "/webhooks/0/objectSelector", value: { matchLabels: { a: "b" } } },
  { op: "add", path: "/metadata/annotations", value: { a: "b" } },
  { op: "add", path: "/metadata/finalizers", value: ["kube-ipam.io/for-ever"] },
];

const OTHER_API: readonly object[] = [
  { op: "replace", path: "/spec/groupPriorityMinimum", value: 2000 },
  { op: "replace", path: "/spec/service/namespace", value: "default" },
  { op: "add", path: "/spec/insecureSkipTLSVerify", value: true },
  { op: "remove", path: "/spec/service" },
  { op: "add", path: "/metadata/labels", value: { a: "b" } },
];

describe.skipIf(missing !== undefined)("a stolen controller", () => {
  let world: PodsOnNodes;
  let controller: Controller;

  beforeAll(async () => {
    world = await podsOnNodes();
    const { kubernetes } = world;
    await applyControllerService(kubernetes);
    controller = await startController(world);
    await applyApiService(controller, kubernetes);
    await applyFor(controller, "admission/webhook.yaml", kubernetes);
  }, 180_000);
  afterAll(async () => {
    await controller?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const tried = async (...command: string[]) => {
    const { exitCode, stderr, stdout } = await world.kubernetes.tryKubectl(CONTROLLER, ...command);
    return `${exitCode} ${stdout}${stderr}`;
  };
  const patched = (what: string, ...patch: object[]) =>
    tried("patch", ...what.split("/"), "--type=json", "--dry-run=server", `--patch=${JSON.stringify(patch)}`);

  test("K145: its account makes no Secret anywhere, reads none but its own, and deletes nothing", async () => {
    const { folder, kubectl } = world.kubernetes;
    for (const [index, secret] of [bootstrapToken, accountToken].entries()) {
      const path = folder.file(`secret-${index}.json`);
      await Bun.write(path, JSON.stringify(secret));
      for (const namespace of ["kube-ipam", "kube-system"])
        expect(await tried("-n", namespace, "create", "--dry-run=server", "-f", path)).toContain("forbidden");
    }
    for (const [verb, what, namespace] of [
      ["get", "secret/other", "kube-ipam"],
      ["get", "secret/kube-ipam-controller-tls", "kube-system"],
      ["delete", "secret/kube-ipam-controller-tls", "kube-ipam"],
      ["get", "lease/other", "kube-ipam"],
      ["delete", "lease/kube-ipam-controller", "kube-ipam"],
      ["delete", WEBHOOKS, "kube-ipam"],
      ["delete", API_SERVICE, "kube-ipam"],
    ] as const)
      expect(await tried("-n", namespace, verb, what)).toContain("forbidden");
    expect(await tried("-n", "kube-ipam", "create", "token", "kube-ipam-controller")).toContain("forbidden");
    // The Secret that it may write keeps its type, so Kubernetes never puts a token into it.
    expect(
      await tried(
        "-n",
        "kube-ipam",
        "patch",
        "secret",
        "kube-ipam-controller-tls",
        `--patch={"type":"kubernetes.io/service-account-token"}`,
      ),
    ).toContain("immutable");
    expect(await kubectl("-n", "kube-ipam", "get", "secrets", "-o", "name")).toBe(
      "secret/kube-ipam-controller-tls\n",
    );
  }, 60_000);

  test("K146: of its webhook and APIService its account changes caBundle and nothing else", async () => {
    // A policy is in force a moment after it was made.
    await eventually(
      async () => (await patched(WEBHOOKS, WIDER[2] ?? {})).includes("nothing else") || undefined,
      60_000,
    );
    for (const wider of WIDER)
      expect(`${JSON.stringify(wider)} ${await patched(WEBHOOKS, wider)}`).toContain(
        "caBundle and nothing else",
      );
    // Kubernetes itself refuses some of them beside a caBundle.
    const bare = { op: "remove", path: "/spec/caBundle" };
    for (const other of OTHER_API)
      expect(`${JSON.stringify(other)} ${await patched(API_SERVICE, bare, other)}`).toContain(
        "caBundle and nothing else",
      );
    const authority = await world.kubernetes.kubectl(
      "get",
      ...WEBHOOKS.split("/"),
      "-o",
      "jsonpath={.webhooks[0].clientConfig.caBundle}",
    );
    expect(await patched(WEBHOOKS, { op: "remove", path: "/webhooks/0/clientConfig/caBundle" })).toStartWith(
      "0 ",
    );
    expect(await patched(API_SERVICE, { op: "add", path: "/spec/caBundle", value: authority })).toStartWith(
      "0 ",
    );
    // Who installs is not held up.
    await world.kubernetes.kubectl(
      "patch",
      ...WEBHOOKS.split("/"),
      "--type=json",
      "--dry-run=server",
      `--patch=${JSON.stringify([WIDER[2]])}`,
    );
  }, 120_000);
});
