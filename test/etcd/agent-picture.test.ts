import { afterAll, beforeAll, expect, test } from "bun:test";
import { AgentNode } from "../kit/agent-node.ts";
import { addressesOf } from "../kit/cni.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";
import { eventually } from "../kit/wait.ts";

/** An agent knows what other nodes took, so that its ADD is one transaction that does not lose. */

const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.1.0.0/16", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.60" },
};

let etcd: EtcdCluster;
let one: AgentNode;
let two: AgentNode;

beforeAll(async () => {
  etcd = await startEtcd({ version: "3.4" });
  const settings = { etcdConfig: { etcdURL: etcd.endpoints.join(",") } };
  one = new AgentNode("n1", etcd.folder, settings, NETWORK);
  two = new AgentNode("n2", etcd.folder, settings, NETWORK);
}, 120_000);
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  await etcd[Symbol.asyncDispose]();
});

const last = (address: string) => Number(address.split("/")[0]?.split(".")[3]);

test("what another node took meanwhile costs the agent's ADD neither a look nor a lost race", async () => {
  const [port = 0] = await loopbackPorts(1);
  await one.startAgent(["--listen", `127.0.0.1:${port}`]);
  const metric = async (name: string) => {
    const lines = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split("\n");
    return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length) ?? 0);
  };
  const known = () => metric("kube_ipam_agent_pictured_addresses");
  const asked = async () => ({
    reads: await metric('kube_ipam_agent_store_duration_seconds_count{operation="read",outcome="ok"}'),
    commits: await metric('kube_ipam_agent_store_duration_seconds_count{operation="commit",outcome="ok"}'),
  });
  const add = async (container: string) => last(addressesOf(await one.addThroughAgent(container))[0] ?? "");
  await add("a1");
  await add("a2");
  const next = (await add("a3")) + 1;
  // Exactly those that the agent would try next.
  const taken = [0, 1, 2].map((step) => 2 + ((next - 2 + step) % 59));
  for (const host of taken) await two.add(`b${host}`, `IP=10.1.2.${host}`);
  await eventually(async () => (await known()) === 6 || undefined);
  const before = await asked();
  const given = await add("a4");
  const after = await asked();
  expect(taken).not.toContain(given);
  expect({ reads: after.reads - before.reads, commits: after.commits - before.commits }).toEqual({
    reads: 0,
    commits: 1,
  });
  for (const host of taken) await two.end(`b${host}`);
  await eventually(async () => (await known()) === 4 || undefined);
}, 60_000);
