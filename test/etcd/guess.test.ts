import { afterAll, beforeAll, expect, test } from "bun:test";
import { AgentNode } from "../kit/agent-node.ts";
import { addressesOf } from "../kit/cni.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";

/** The plugin alone guesses the next address: by etcd's own count, one transaction where nobody has it. */

const NETWORK = {
  cniVersion: "1.0.0",
  name: "net1",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.1.0.0/16" },
};

let etcd: EtcdCluster;
let node: AgentNode;

beforeAll(async () => {
  etcd = await startEtcd({ version: "3.4" });
  node = new AgentNode("n1", etcd.folder, { etcdConfig: { etcdURL: etcd.endpoints.join(",") } }, NETWORK);
}, 120_000);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await etcd[Symbol.asyncDispose]();
});

const COUNTER = /^grpc_server_handled_total\{grpc_code="OK",grpc_method="(Txn|Range)",.*\} (\d+)$/;

async function asked(): Promise<number> {
  const lines = (await (await fetch(`${etcd.endpoints[0]}/metrics`)).text()).split("\n");
  return lines.reduce((sum, line) => sum + Number(COUNTER.exec(line)?.[2] ?? 0), 0);
}

async function costOf(container: string, args?: string): Promise<number> {
  const before = await asked();
  await node.add(container, args);
  return (await asked()) - before;
}

test("an ADD is one round trip, two where somebody has the address that it guessed", async () => {
  // The first makes the network's record, the second learns it; each also looks for dead records now and then.
  await node.add("c1");
  await node.add("c2");
  expect([await costOf("c3"), await costOf("c4")]).toEqual([1, 1]);
  const [given = ""] = addressesOf(await node.add("c5"));
  const next = given.replace(/\.(\d+)$/, (_, byte) => `.${Number(byte) + 1}`);
  await node.add("fixed", `IP=${next}`);
  expect(await costOf("c6")).toBe(2);
  expect(await costOf("c7")).toBe(1);
});
