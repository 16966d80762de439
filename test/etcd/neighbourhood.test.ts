import { afterAll, beforeAll, expect, test } from "bun:test";
import { AgentNode } from "../kit/agent-node.ts";
import { addressesOf, refused } from "../kit/cni.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";

/**
 * FLAT: an agent watches nobody's addresses, and still an ADD is one transaction. What others took near it
 * costs it one lost race, of which it learns all of them.
 */

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

/** An agent of its own for one network. */
async function agentOf(name: string, ipam: Readonly<Record<string, unknown>>) {
  const settings = { etcdConfig: { etcdURL: etcd.endpoints.join(",") } };
  const network = { ...NETWORK, name, ipam: { type: "kube-ipam", ...ipam } };
  const node = new AgentNode(name, etcd.folder, settings, network, "agent");
  await node.startAgent();
  return node;
}

test("K224 what an ADD has taken and not tried to commit is the next one's", async () => {
  await using alone = await agentOf("k224", {
    ranges: [
      [{ subnet: "10.2.0.0/24" }],
      [{ subnet: "fd02::/64", rangeStart: "fd02::10", rangeEnd: "fd02::12" }],
    ],
  });
  const add = async (container: string) => addressesOf(await alone.add(container));
  for (const container of ["c1", "c2", "c2", "c2"]) await add(container);
  expect(await add("c3")).toEqual(["10.2.0.4", "fd02::12"]);
  for (const container of ["d1", "d2", "d3"]) expect(refused(await alone.tryAdd(container)).code).toBe(100);
  await alone.end("c3");
  expect(await add("c4")).toEqual(["10.2.0.5", "fd02::12"]);
}, 60_000);

test("K189 what others took near a node costs it one lost race, and nothing for what they took elsewhere", async () => {
  const [port = 0] = await loopbackPorts(1);
  await one.startAgent(["--listen", `127.0.0.1:${port}`]);
  const metric = async (name: string) => {
    const lines = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split("\n");
    return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length) ?? 0);
  };
  const duration = "kube_ipam_agent_store_duration_seconds_count";
  const asked = async () => ({
    commits: await metric(`${duration}{operation="commit",outcome="ok"}`),
    lost: await metric("kube_ipam_agent_lost_races_total"),
  });
  const costOf = async (work: () => Promise<void>) => {
    const before = await asked();
    await work();
    const after = await asked();
    return { commits: after.commits - before.commits, lost: after.lost - before.lost };
  };
  const given: number[] = [];
  const add = async (container: string) => {
    given.push(last(addressesOf(await one.addThroughAgent(container))[0] ?? ""));
  };
  await add("a1");
  await add("a2");
  const next = (given[1] ?? 0) + 1;
  const behind = (step: number) => 2 + ((next - 2 + step) % 59);
  expect(await costOf(() => add("a3"))).toEqual({ commits: 1, lost: 0 });
  // Far away: nobody notices.
  for (const step of [30, 31]) await two.add(`far${step}`, `IP=10.1.2.${behind(step)}`);
  expect(await costOf(() => add("a4"))).toEqual({ commits: 1, lost: 0 });
  // Exactly those that the agent would try next.
  const taken = [2, 3, 4].map(behind);
  for (const host of taken) await two.add(`b${host}`, `IP=10.1.2.${host}`);
  expect(await costOf(() => add("a5"))).toEqual({ commits: 2, lost: 1 });
  expect(await costOf(() => add("a6"))).toEqual({ commits: 1, lost: 0 });
  expect(given.filter((host) => taken.includes(host))).toEqual([]);
}, 60_000);
