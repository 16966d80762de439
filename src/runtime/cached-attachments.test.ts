import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ports } from "../ipam/ports.ts";
import { cachedAttachments } from "./cached-attachments.ts";
import { writeClusterPools } from "./cluster-pools-file.ts";
import type { Asking } from "./open-ports.ts";

const folder = mkdtempSync(join(tmpdir(), "cached-"));
const before = process.env.KUBE_IPAM_CONFIG;
afterEach(() => {
  process.env.KUBE_IPAM_CONFIG = before ?? "";
  rmSync(folder, { recursive: true });
});

test("K273: who answers a recovery by the runtime's cache knows the pool of the cluster, and its address space", async () => {
  mkdirSync(`${folder}/results`);
  const network = {
    cniVersion: "1.0.0",
    name: "net1",
    type: "macvlan",
    ipam: { type: "kube-ipam", pool: "db" },
  };
  const result = { cniVersion: "1.0.0", interfaces: [], ips: [{ address: "10.1.2.3/24" }] };
  const cached = {
    kind: "cniCacheV1",
    containerId: "c1",
    config: Buffer.from(JSON.stringify(network)).toString("base64"),
    ifName: "net1",
    networkName: "net1",
    result,
  };
  writeFileSync(`${folder}/results/net1-c1-net1`, JSON.stringify(cached));
  writeFileSync(`${folder}/node.json`, JSON.stringify({ dataDir: folder }));
  process.env.KUBE_IPAM_CONFIG = `${folder}/node.json`;
  const spec = { subnets: ["10.1.2.0/24"], addressSpace: "wire-b" };
  writeClusterPools(folder, [{ name: "db", created: "", spec }]);
  const configuration = {
    node: { dataDir: folder, cniCacheDir: folder },
    store: { kind: "embedded", dataDir: folder },
  } as unknown as Asking["configuration"];
  const node = { name: "n1", bootId: "b1", machineId: () => "m1", identifyNamespace: () => undefined };
  const ports = { node, log: () => undefined } as unknown as Ports;
  const living = await cachedAttachments(configuration, ports, 0);
  expect(living.map(({ record: { addresses, space } }) => [space, addresses])).toEqual([
    ["wire-b", ["10.1.2.3"]],
  ]);
});
