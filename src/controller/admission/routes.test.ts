import { expect, test } from "bun:test";
import { Hono } from "hono";
import { IpamError } from "../../ipam/errors.ts";
import type { ControllerContext } from "../context/context.ts";
import { makeMetrics } from "../context/metrics.ts";
import type { SecureApp } from "../context/secure-app.ts";
import { inTime } from "./in-time.ts";
import { mountAdmission } from "./routes.ts";

const review = JSON.stringify({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "1",
    kind: { kind: "Pod" },
    namespace: "default",
    object: { metadata: { name: "p", annotations: { "kube-ipam.ip": "10.1.2.3" } } },
  },
});

/** A webhook whose store answers when it is let; `asked` counts those who wait for it. */
function webhook() {
  let asked = 0;
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const store = {
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    list: async function* () {
      asked += 1;
      await answered;
      throw new IpamError("tryAgain", "the store is away", "");
    },
  };
  const context = {
    admissionClients: { mayAsk: () => true },
    configuration: { addressSpace: "default" },
    pools: { inForce: [] },
    metrics: makeMetrics(),
    ports: { store, cluster: {} },
  };
  const app: SecureApp = new Hono();
  mountAdmission(app, context as unknown as ControllerContext);
  const ask = async (bytes = review.length) => {
    const env = { incoming: { socket: {}, rawBody: Buffer.alloc(bytes) } } as never;
    return (await app.request("/admission", { method: "POST", body: review }, env)).status;
  };
  return { ask, asked: () => asked, answer };
}

test("K143: so many reviews are judged at once, so many wait, and one more is told to come again", async () => {
  const { answer, ask, asked } = webhook();
  const statuses = Array.from({ length: 4 + 128 }, () => ask());
  while (asked() < 4) await Bun.sleep(1);
  await Bun.sleep(1);
  expect(asked()).toBe(4);
  expect(await ask()).toBe(429);
  answer();
  for (const status of statuses) await status;
  expect(asked()).toBeGreaterThan(4);
}, 30_000);

test("K183: large reviews take turns among themselves, and keep no small one waiting", async () => {
  const { answer, ask, asked } = webhook();
  const large = Array.from({ length: 1 + 32 }, () => ask(40_000));
  while (asked() < 1) await Bun.sleep(1);
  await Bun.sleep(1);
  expect(asked()).toBe(1);
  expect(await ask(40_000)).toBe(429);
  const small = ask();
  while (asked() < 2) await Bun.sleep(1);
  // Past their deadlines.
  await Bun.sleep(1_600);
  answer();
  const statuses = await Promise.all(large);
  expect([await small, statuses[0]]).toEqual([200, 200]);
  expect(new Set(statuses.slice(1))).toEqual(new Set([429]));
  expect(asked()).toBe(2);
}, 30_000);

test("K143: a review that nobody waits for any more ends at its next step", async () => {
  await inTime(performance.now() + 60_000);
  expect(inTime(performance.now() - 1)).rejects.toMatchObject({ name: "tryAgain" });
});
