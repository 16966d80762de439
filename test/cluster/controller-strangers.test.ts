import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Controller, startController } from "../kit/controller.ts";
import { applyControllerService, applyFor } from "../kit/controller-service.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { eventually } from "../kit/wait.ts";

/** What a stranger can do who only reaches the controller's TLS port. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`strangers at the controller's port: ${missing}`, () => {});

const MIB = 1024 * 1024;

describe.skipIf(missing !== undefined)("strangers at the controller's port", () => {
  let world: PodsOnNodes;
  let controller: Controller;

  beforeAll(async () => {
    world = await podsOnNodes({ webhookClient: true });
    controller = await startController(world);
  }, 180_000);
  afterAll(async () => {
    await controller?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  test("K140, K142: connections that ask nothing end, the oldest first", async () => {
    const sockets = Array.from({ length: 300 }, () =>
      connect({ host: "127.0.0.1", port: controller.tlsPort }),
    );
    const closed = sockets.map(closing);
    await Promise.all(closed.slice(0, 44));
    expect(await healthy()).toBe(true);
    await Promise.all(closed);
  }, 60_000);

  test("K141: a hundred large bodies that nobody ends take little memory, and end", async () => {
    const before = await memory();
    const head = `POST /admission HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${(4 * MIB).toString(16)}\r\n`;
    const part = Buffer.alloc(2 * MIB, "x");
    const sockets = Array.from({ length: 100 }, () =>
      connectTls({ host: "127.0.0.1", port: controller.tlsPort, rejectUnauthorized: false }),
    );
    const closed = sockets.map(closing);
    let most = 0;
    for (const socket of sockets) {
      socket.write(head);
      socket.write(part);
      most = Math.max(most, await memory());
    }
    expect(await healthy()).toBe(true);
    await Promise.all(closed);
    most = Math.max(most, await memory());
    expect(most - before).toBeLessThan(160 * MIB);
    expect(controller.daemon.running()).toBe(true);
  }, 120_000);

  test("K143: reviews that are whole, large and made of little things take little memory", async () => {
    const before = await memory();
    const request = {
      uid: "1",
      kind: { kind: "Pod" },
      namespace: "default",
      object: { metadata: { name: "p" } },
    };
    const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
    const body = JSON.stringify({ ...review, more: Array.from({ length: 900_000 }, () => []) });
    const url = `https://127.0.0.1:${controller.tlsPort}/admission`;
    let most = 0;
    const answers = new Set<number>();
    for (let round = 0; round < 8; round++) {
      const asked = Array.from({ length: 30 }, () =>
        fetch(url, { method: "POST", body, tls: { rejectUnauthorized: false } }).then(({ status }) => status),
      );
      for (const answer of asked) {
        answers.add(await answer);
        most = Math.max(most, await memory());
      }
    }
    // Read and found wrong, or sent away while others are read: too large together, or too many.
    expect([...answers].filter((status) => ![400, 429, 503].includes(status))).toEqual([]);
    expect(answers).toContain(400);
    expect(most - before).toBeLessThan(350 * MIB);
  }, 120_000);

  test("K143: a request to end is obeyed while reviews keep coming", async () => {
    await using another = await startController(world);
    const annotations = {
      "kube-ipam.ips": Array.from({ length: 20_000 }, (_, n) => `::${n.toString(16)}`).join(","),
    };
    const object = { metadata: { name: "p", annotations } };
    const request = { uid: "1", kind: { kind: "Pod" }, namespace: "default", object };
    const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
    const url = `https://127.0.0.1:${another.tlsPort}/admission`;
    const asked = Array.from({ length: 20 }, () =>
      fetch(url, { method: "POST", body, tls: { rejectUnauthorized: false } }).then(
        ({ status }) => status,
        () => 0,
      ),
    );
    expect(await another.ready()).toBe(true);
    another.daemon.signal("SIGTERM");
    await eventually(async () => !another.daemon.running() || undefined, 30_000);
    await Promise.all(asked);
  }, 60_000);

  test("K144: with --admission-client-ca the API server is answered, by its certificate, and nobody else", async () => {
    const { kubernetes } = world;
    const authorities = `--admission-client-ca=${kubernetes.folder.file("webhook-clients.crt")}`;
    await using guarded = await startController(world, {}, 1, [authorities]);
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    };
    await kubernetes.apply(account);
    await applyControllerService(kubernetes);
    await applyFor(guarded, "admission/webhook.yaml", kubernetes);
    const asking = pod({ name: "p", node: "n1", annotations: { "kube-ipam.ip": "10.1.2.300" } });
    const create = () => kubernetes.request("POST", "/api/v1/namespaces/default/pods?dryRun=All", asking);
    // A webhook counts a moment after it was made, and a failing one is ignored.
    await eventually(async () => {
      const failure = await create().then(() => "", String);
      return failure.includes("kube-ipam.ip") || undefined;
    }, 120_000);
    const url = `https://127.0.0.1:${guarded.tlsPort}/admission`;
    const asked = await fetch(url, { method: "POST", body: "{}", tls: { rejectUnauthorized: false } });
    expect(asked.status).toBe(401);
  }, 180_000);

  async function healthy(): Promise<boolean> {
    const url = `https://127.0.0.1:${controller.tlsPort}/healthz`;
    return (await fetch(url, { tls: { rejectUnauthorized: false }, keepalive: false })).ok;
  }

  /** Resident bytes of the controller's process. */
  async function memory(): Promise<number> {
    const text = await Bun.file(`/proc/${controller.daemon.pid}/status`).text();
    return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) * 1024;
  }
});

function closing(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  socket.resume();
  return new Promise((resolve) => socket.on("close", () => resolve()));
}
