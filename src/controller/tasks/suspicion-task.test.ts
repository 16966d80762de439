import { afterAll, beforeEach, expect, test } from "bun:test";
import type { MetaRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { createWorld } from "../../ipam/testing/world.ts";
import { Api } from "../../kubernetes/api/api.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { startFakeApi } from "../../kubernetes/testing/fake-api.ts";
import type { ControllerContext } from "../context/context.ts";
import { makeMetrics } from "../context/metrics.ts";
import { suspicionTask } from "./suspicion-task.ts";
import type { Task } from "./task.ts";

const fake = startFakeApi();
const api = new Api(loadCredentials({ kubeConfig: fake.kubeConfig() }));
afterAll(() => fake.close());

interface Told {
  readonly involvedObject: object;
  readonly reason: string;
  readonly type: string;
  readonly message: string;
}

let world: ReturnType<typeof createWorld>;
let context: ControllerContext;
let task: Task;
let events: Told[];
let logged: string[];

beforeEach(() => {
  world = createWorld();
  events = [];
  logged = [];
  fake.answers.set("/api/v1/namespaces/default/events", async (request) => {
    events.push((await request.json()) as Told);
    return {};
  });
  context = {
    api,
    ports: world.ports(world.node("")),
    metrics: makeMetrics(),
    log: (level: string, message: string) => void logged.push(`${level} ${message}`),
  } as unknown as ControllerContext;
  task = suspicionTask(context);
});

const soon = () => ({ deadline: performance.now() + 5_000 });
const round = (signal = new AbortController().signal) => task.round({ ...soon(), signal });

async function state(change: Partial<MetaRecord>): Promise<void> {
  const record: MetaRecord = { version: 1, uuid: "s1", state: "ready", ...change };
  await world.store.commit({ guards: [], puts: [{ ref: refTo.meta, record }], deletes: [] }, soon());
}

async function gauge(): Promise<string | undefined> {
  const shown = await context.metrics.registry.metrics();
  return shown.split("\n").find((line) => line.startsWith("kube_ipam_store_suspect "));
}

const suspicion = (since: string) => ({
  state: "suspect" as const,
  suspicion: { node: "n1", why: "the store is older than when node n1 last used it", since },
});

test("an empty store, a ready one and one that is being recovered are no suspects", async () => {
  expect(await round()).toBe("later");
  for (const change of [{}, { state: "recovering", recovery: "r1" } as const]) {
    await state(change);
    expect(await round()).toBe("later");
  }
  expect([await gauge(), events, logged]).toEqual(["kube_ipam_store_suspect 0", [], []]);
});

test("a suspicion is a gauge for as long as it lasts, and one Event on the Node that noticed", async () => {
  await state(suspicion("first"));
  for (let rounds = 0; rounds < 3; rounds += 1) expect(await round()).toBe("soon");
  expect(await gauge()).toBe("kube_ipam_store_suspect 1");
  const said = "node n1 has stopped all nodes: the store is older than when node n1 last used it";
  expect(logged).toEqual([`error ${said}`]);
  expect(events).toMatchObject([
    { involvedObject: { kind: "Node", name: "n1" }, reason: "StoreSuspect", type: "Warning" },
  ]);
  expect(events[0]?.message).toStartWith(`${said}; run 'kube-ipam recover'`);
  await state({ state: "recovering", recovery: "r1" });
  await round();
  expect(await gauge()).toBe("kube_ipam_store_suspect 0");
  await state(suspicion("second"));
  await round();
  expect(events.length).toBe(2);
});

test("nobody is named, or Events cannot be made: the gauge tells it", async () => {
  await state({ state: "suspect" });
  await round();
  expect([await gauge(), events]).toEqual(["kube_ipam_store_suspect 1", []]);
  expect(logged).toEqual(["error a node has stopped all nodes: the store was thrown back"]);
  fake.answers.delete("/api/v1/namespaces/default/events");
  await state(suspicion("first"));
  expect(await round()).toBe("soon");
});

test("a replica that no longer leads tells nothing", async () => {
  await state(suspicion("first"));
  await round(AbortSignal.abort());
  expect([await gauge(), events]).toEqual(["kube_ipam_store_suspect 0", []]);
});
