import { afterAll, beforeAll, expect, test } from "bun:test";
import type { MetaRecord } from "../../src/ipam/records.ts";
import { AgentNode } from "../kit/agent-node.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { sumOf } from "../kit/metric.ts";
import { eventually } from "../kit/wait.ts";

/** What one ADD costs does not grow with the cluster (FLAT): counted by etcd itself, with one agent and with eight. */

const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.1.0.0/16" },
};
const META = "/kube-ipam/v1/meta";
const OTHERS = 7;
/** ADDs and DELs that are counted. */
const PAIRS = 60;
/** An agent watches its store's identity, and nothing else. */
const WATCHES = 1;
/** Far beyond what anything takes, in milliseconds. */
const LIMIT = 120_000;

let etcd: EtcdCluster;
let busy: AgentNode;
const idle: AgentNode[] = [];

beforeAll(async () => {
  etcd = await startEtcd({ version: "3.4" });
  busy = await warmNode("busy");
}, LIMIT);
afterAll(async () => {
  await Promise.all([busy, ...idle].map((node) => node[Symbol.asyncDispose]()));
  await etcd[Symbol.asyncDispose]();
});

/** A node whose agent has served two ADDs: the first reads store, network and space, the second foresees. */
async function warmNode(name: string): Promise<AgentNode> {
  const settings = { etcdConfig: { etcdURL: etcd.endpoints.join(",") } };
  const node = new AgentNode(name, etcd.folder, settings, NETWORK, "agent");
  await node.startAgent();
  for (const container of ["living", "too"]) await node.add(container);
  return node;
}

/** All the idle ones, whichever test needs them first. */
async function startOthers(): Promise<void> {
  while (idle.length < OTHERS) idle.push(await warmNode(`idle${idle.length}`));
  await eventually(async () => (await watchers()) >= WATCHES * (1 + OTHERS) || undefined);
}

/** What etcd's member counts. */
async function counted(name: string): Promise<number> {
  return sumOf((await etcd.members[0]?.metrics()) ?? "", name);
}

const watchers = () => counted("etcd_debugging_mvcc_watcher_total");

/** How often the store's identity was written: every agent hears of that, when its epoch rises. */
async function identityWrites(): Promise<number> {
  const answer = JSON.parse(await etcd.ctl("get", "--write-out=json", META));
  const [{ value, version }] = answer.kvs;
  const { state }: MetaRecord = JSON.parse(Buffer.from(value, "base64").toString());
  expect(state).toBe("ready");
  return version;
}

/** What etcd tells watchers, and sends at all, for the ADDs and DELs of the one agent. */
async function cost(): Promise<{ events: number; bytes: number }> {
  const begin = async () => ({
    writes: await identityWrites(),
    events: await counted("etcd_debugging_mvcc_events_total"),
    bytes: await counted("etcd_network_client_grpc_sent_bytes_total"),
  });
  const before = await begin();
  for (let n = 0; n < PAIRS; n++) {
    await busy.add("c");
    expect((await busy.tryDel("c")).exitCode).toBe(0);
  }
  const after = await begin();
  const told = (after.writes - before.writes) * (1 + idle.length);
  return { events: after.events - before.events - told, bytes: after.bytes - before.bytes };
}

test(
  "K190: an idle agent watches the store's identity alone, and an ADD of another node costs the same with it",
  async () => {
    await eventually(async () => (await watchers()) >= WATCHES || undefined);
    const alone = await cost();
    await startOthers();
    const among = await cost();
    expect({ watchers: await watchers(), events: among.events }).toEqual({
      watchers: WATCHES * (1 + OTHERS),
      events: 0,
    });
    expect(among.bytes).toBeLessThanOrEqual(1.1 * alone.bytes);
  },
  LIMIT,
);

/** Times that the epoch rises: as in an hour, or, with looks by all for each, hundreds of requests. */
const RISES = 40;

test(
  "K191: an epoch that rises makes no agent ask the store, and another state makes each look",
  async () => {
    await startOthers();
    const requests = async () =>
      sumOf((await etcd.members[0]?.metrics()) ?? "", "grpc_server_started_total", "unary");
    const events = () => counted("etcd_debugging_mvcc_events_total");
    const meta = JSON.parse(await etcd.ctl("get", "--print-value-only", META)) as MetaRecord;
    const told = await events();
    const before = await requests();
    for (let n = 1; n <= RISES; n++)
      await etcd.ctl("put", META, JSON.stringify({ ...meta, epoch: (meta.epoch ?? 0) + n }));
    await eventually(async () => (await events()) - told >= RISES * (1 + OTHERS) || undefined);
    // Those of etcdctl, and here and there one of an agent whose time to look has come.
    expect((await requests()) - before).toBeLessThan(2 * RISES);
    const suspicion = { node: "n9", why: "a test says so", since: "" };
    const now = JSON.parse(await etcd.ctl("get", "--print-value-only", META)) as MetaRecord;
    const begin = await requests();
    await etcd.ctl("put", META, JSON.stringify({ ...now, state: "suspect", suspicion }));
    await eventually(async () => (await requests()) - begin > OTHERS || undefined);
    await etcd.ctl("put", META, JSON.stringify(now));
  },
  LIMIT,
);
