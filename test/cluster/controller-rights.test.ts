import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { connect } from "node:tls";
import { issueServing } from "../../src/controller/serving/certificates.ts";
import { MIGRATIONS, OWNER_KINDS } from "../../src/kubernetes/api/kinds.ts";
import { added } from "../kit/cni.ts";
import { type Controller, leaderOf, startController } from "../kit/controller.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { applyPool, installPools } from "../kit/pool-resources.ts";
import { askedBy, rightOf, rightsOf } from "../kit/rights.ts";
import { eventually } from "../kit/wait.ts";

/** The controller's certificate through its life, and that its role is no wider than what it does. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the controller's rights: ${missing}`, () => {});

const MANIFEST = join(import.meta.dir, "../../deploy/rbac/controller.yaml");
const SECRET = "/api/v1/namespaces/kube-ipam/secrets/kube-ipam-controller-tls";
const API_SERVICE = "/apis/apiregistration.k8s.io/v1/apiservices";
const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const USER = "system:serviceaccount:kube-ipam:kube-ipam-controller";
const MERGE = "application/merge-patch+json";
const DAY_MS = 24 * 3_600_000;

describe.skipIf(missing !== undefined)("the controller's certificate and rights", () => {
  let world: PodsOnNodes;

  beforeAll(async () => {
    world = await podsOnNodes({ auditLog: "audit.log" });
    await installPools(world.kubernetes);
    await applyPool(world.kubernetes, "db", { subnets: ["10.9.0.0/24"] });
    const { kubernetes } = world;
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    };
    await kubernetes.apply(account);
    await kubernetes.request("POST", WEBHOOKS, webhooks());
    await kubernetes.request("POST", API_SERVICE, apiService());
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  test("replicas share one certificate, renew it without a restart, and tell whom to trust", async () => {
    await using first = await startController(world);
    await using second = await startController(world);
    const before = await secret();
    for (const controller of [first, second])
      expect(await shown(controller, before.authorities)).toBe(before.certificate);
    expect(await bundles()).toEqual([before.authorities, before.authorities]);
    const ending = await endingSoon(before);
    await kubernetesPatch({ "tls.crt": ending.certificate, "tls.key": ending.key });
    const after = await eventually(async () => {
      const now = await secret();
      return now.certificate === before.certificate || now.certificate === ending.certificate
        ? undefined
        : now;
    }, 60_000);
    expect(after.authorities).toBe(before.authorities);
    for (const controller of [first, second]) {
      const renewed = await eventually(async () => {
        const certificate = await shown(controller, before.authorities);
        return certificate === after.certificate ? true : undefined;
      }, 60_000);
      expect(renewed && controller.daemon.running()).toBe(true);
    }
    await world.kubernetes.request(
      "PATCH",
      `${API_SERVICE}/v1.ipam.kube-ipam.io`,
      { spec: { caBundle: null } },
      MERGE,
    );
    await eventually(async () => ((await bundles())[1] === before.authorities ? true : undefined), 60_000);
  }, 300_000);

  test("RBAC: every right of its role is used, nothing is asked for in vain", async () => {
    await using controller = await startController(world);
    await leaderOf([controller]);
    await freeOfFencedNode(controller);
    const size = ["get", "pools", "db", "-o=jsonpath={.status.size}"];
    await eventually(async () => ((await world.kubernetes.kubectl(...size)) === "253" ? true : undefined));
    const asked = askedBy(world.kubernetes, USER);
    const refused = asked.filter(({ responseStatus }) => responseStatus.code === 403);
    expect(refused.map(({ requestURI }) => requestURI)).toEqual([]);
    const used = new Set(asked.map(({ objectRef, verb }) => rightOf(verb, objectRef)));
    const rights = rightsOf(MANIFEST);
    expect([...used].filter((right) => !rights.includes(right))).toEqual([]);
    const unused = rights.filter((right) => !used.has(right));
    // Which owners there are depends on what the pods of a cluster belong to.
    expect(unused.filter((right) => !ownerRights().includes(right))).toEqual([]);
  }, 300_000);

  /** Lets it free an address, and so ask for and write all that it ever does. */
  async function freeOfFencedNode(controller: Controller): Promise<void> {
    const { kubernetes } = world;
    const ipam = { ...world.ipam, subnet: "10.1.0.0/16" };
    const node = await world.node("n1", { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam });
    await kubernetes.request("POST", "/api/v1/namespaces/default/pods", pod({ name: "p", node: node.name }));
    const sandbox = await node.makeSandbox(await world.find("p"));
    added(await node.add(sandbox));
    const rounds = 'kube_ipam_controller_rounds_total{work="fenced nodes",outcome="done"}';
    const before = (await controller.metric(rounds)) ?? 0;
    await eventually(async () => ((await controller.metric(rounds)) ?? 0) > before + 1 || undefined, 60_000);
    await world.forget("p");
    await kubernetes.kubectl("delete", "node", node.name);
    const freed = 'kube_ipam_controller_freed_addresses_total{fence="node-deleted"}';
    await eventually(async () => ((await controller.metric(freed)) === 1 ? true : undefined), 60_000);
    // The Event follows the freeing.
    await eventually(async () => {
      const { items } = await kubernetes.request<{ items: object[] }>(
        "GET",
        "/api/v1/namespaces/default/events",
      );
      return items.length > 0 || undefined;
    });
  }

  async function secret() {
    const { data } = await world.kubernetes.request<{ data: Record<string, string> }>("GET", SECRET);
    const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
    return { authorities: text("ca.crt"), authorityKey: text("ca.key"), certificate: text("tls.crt") };
  }

  function kubernetesPatch(texts: Record<string, string>): Promise<unknown> {
    const data = Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
    );
    return world.kubernetes.request("PATCH", SECRET, { data }, MERGE);
  }

  async function bundles(): Promise<string[]> {
    const { request } = world.kubernetes;
    const { webhooks: list } = await request<{ webhooks: { clientConfig: { caBundle?: string } }[] }>(
      "GET",
      `${WEBHOOKS}/kube-ipam`,
    );
    const service = await request<{ spec: { caBundle?: string } }>(
      "GET",
      `${API_SERVICE}/v1.ipam.kube-ipam.io`,
    );
    return [list[0]?.clientConfig.caBundle, service.spec.caBundle].map((text) =>
      Buffer.from(text ?? "", "base64").toString(),
    );
  }
});

function ownerRights(): string[] {
  const kinds = [...Object.values(OWNER_KINDS), MIGRATIONS];
  return kinds.map(({ group, plural }) => rightOf("get", { apiGroup: group, resource: plural }));
}

/** A serving certificate with five days left, by the same authority. */
function endingSoon({ authorities, authorityKey }: { authorities: string; authorityKey: string }) {
  const lifetime = { from: new Date(Date.now() - DAY_MS), until: new Date(Date.now() + 5 * DAY_MS) };
  const hosts = ["kube-ipam-controller.kube-ipam.svc"];
  return issueServing({ certificate: authorities, key: authorityKey }, hosts, lifetime);
}

function webhooks(): object {
  const resources = { apiGroups: ["none.kube-ipam.io"], apiVersions: ["v1"], resources: ["none"] };
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "kube-ipam" },
    webhooks: [
      {
        name: "pods.kube-ipam.io",
        clientConfig: { url: "https://127.0.0.1:1/none" },
        rules: [{ ...resources, operations: ["CREATE"] }],
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
        failurePolicy: "Ignore",
      },
    ],
  };
}

function apiService(): object {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1.ipam.kube-ipam.io" },
    spec: {
      group: "ipam.kube-ipam.io",
      version: "v1",
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      service: { name: "kube-ipam-controller", namespace: "kube-ipam" },
    },
  };
}

/** The certificate that a client sees who trusts the authorities and calls the Service by its name. */
function shown({ tlsPort }: Controller, authorities: string): Promise<string> {
  return eventually(
    () =>
      new Promise<string | undefined>((resolve) => {
        const servername = "kube-ipam-controller.kube-ipam.svc";
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
