import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import { type Controller, leaderOf, startController } from "../kit/controller.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { run } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/** The controller as processes of the built executable, with exactly the shipped role. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the controller: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the controller", () => {
  let world: PodsOnNodes;

  beforeAll(async () => {
    world = await podsOnNodes();
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  test("one of two leads; when it is killed, the other takes over; SIGTERM gives the lead up", async () => {
    await using first = await startController(world);
    await using second = await startController(world);
    const leader = await leaderOf([first, second]);
    const other = leader === first ? second : first;
    expect(await other.metric("kube_ipam_controller_leader")).toBe(0);
    leader.daemon.signal("SIGKILL");
    await leaderOf([other]);
    await other.daemon.stop(20_000);
    const lease = await world.kubernetes.request<{ spec: { holderIdentity?: string } }>(
      "GET",
      "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-ipam-controller",
    );
    expect(lease.spec.holderIdentity ?? "").toBe("");
  }, 120_000);

  test("replicas share one certificate and tell the API server whom to trust", async () => {
    await world.kubernetes.apply(webhook());
    await using first = await startController(world);
    await using second = await startController(world);
    const { authorities, certificate } = await secret(world);
    for (const controller of [first, second]) expect(await shown(controller, authorities)).toBe(certificate);
    expect(await bundleOf(world)).toBe(authorities);
  }, 120_000);

  test("says what is wrong with its command line and its configuration", async () => {
    const path = world.kubernetes.folder.file("embedded.json");
    await Bun.write(path, "{}");
    const executable = process.env.KUBE_IPAM_EXECUTABLE ?? "dist/kube-ipam";
    const ask = (...args: string[]) => run([executable, "controller", ...args]);
    expect((await ask("--help")).stdout).toContain("--listen-tls <host:port>");
    expect((await ask("--nonsense")).exitCode).toBe(2);
    expect((await ask(`--config=${path}`)).stderr).toBe(
      "kube-ipam controller: the controller looks after a cluster's store, and its configuration names none: " +
        "set etcdConfig in the file that --config names, as on the nodes\n",
    );
    expect((await ask("--config=/no/such/file")).stderr).toContain("/no/such/file cannot be read");
  });
});

function webhook(): object {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "kube-ipam" },
    webhooks: [
      {
        name: "pods.kube-ipam.io",
        clientConfig: { url: "https://127.0.0.1:1/none" },
        rules: [
          {
            apiGroups: ["none.kube-ipam.io"],
            apiVersions: ["v1"],
            operations: ["CREATE"],
            resources: ["none"],
          },
        ],
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
        failurePolicy: "Ignore",
      },
    ],
  };
}

async function secret({ kubernetes }: PodsOnNodes): Promise<{ authorities: string; certificate: string }> {
  const { data } = await kubernetes.request<{ data: Record<string, string> }>(
    "GET",
    "/api/v1/namespaces/kube-system/secrets/kube-ipam-controller-tls",
  );
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
  return { authorities: text("ca.crt"), certificate: text("tls.crt") };
}

async function bundleOf({ kubernetes }: PodsOnNodes): Promise<string> {
  const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/kube-ipam";
  const { webhooks } = await kubernetes.request<{ webhooks: { clientConfig: { caBundle?: string } }[] }>(
    "GET",
    path,
  );
  return Buffer.from(webhooks[0]?.clientConfig.caBundle ?? "", "base64").toString();
}

/** The certificate that a client sees who trusts the authorities and calls the Service by its name. */
function shown({ tlsPort }: Controller, authorities: string): Promise<string> {
  return eventually(
    () =>
      new Promise<string | undefined>((resolve) => {
        const servername = "kube-ipam-controller.kube-system.svc";
        const socket = connect({ host: "127.0.0.1", port: tlsPort, ca: authorities, servername }, () => {
          const { raw } = socket.getPeerCertificate();
          socket.destroy();
          const body = raw
            .toString("base64")
            .replace(/(.{64})/g, "$1\n")
            .trimEnd();
          resolve(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
        });
        socket.on("error", () => resolve(undefined));
      }),
  );
}
