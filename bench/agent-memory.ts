import { makeKeys } from "../src/store/keys/keys.ts";
import { type EtcdCluster, startEtcd } from "../test/kit/etcd.ts";
import { allocationRecord, allocationRef } from "../test/kit/etcd-records.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { adder, agentOnEtcd } from "./agent-on-store.ts";
import { BareEtcd } from "./etcd-bare.ts";
import { machine, report } from "./report.ts";
import { residentMiB } from "./resident.ts";
import { markdown } from "./statistics.ts";

/**
 * Resident memory of an agent that has just served 500 ADDs, with so many allocations of other nodes
 * in the store; and after 10,000 ADDs of its own. `--short` proves that the program works, nothing else.
 */

const SHORT = process.argv.includes("--short");
const RECORDS = SHORT ? [0, 1_000] : [0, 10_000, 100_000];
const [FEW, MANY] = SHORT ? [20, 100] : [500, 10_000];
const PER_TRANSACTION = 100;
const CALLERS = 16;
/** The agent gives memory back when it has been quiet for a moment. */
const QUIET_MS = 8_000;

const rows = [["agent", "resident MiB"]];
let containers = 0;
for (const records of RECORDS) {
  await using cluster = await startEtcd({ version: "3.4", tls: true });
  await cluster.ready();
  await fill(cluster, records);
  rows.push([`${FEW} ADDs, ${records} allocations of others in the store`, await after(cluster, FEW)]);
}
await using cluster = await startEtcd({ version: "3.4", tls: true });
await cluster.ready();
rows.push([`${MANY} ADDs of its own`, await after(cluster, MANY)]);
report({ bench: "agent-memory", text: `On ${machine()}:\n\n${markdown(rows)}`, short: SHORT });

async function after(cluster: EtcdCluster, adds: number): Promise<string> {
  await using agent = await agentOnEtcd(cluster);
  const add = adder(agent.door);
  let left = adds;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      containers += 1;
      await add(containers);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await Bun.sleep(QUIET_MS);
  return String(residentMiB(agent.pid));
}

/** Written past our store: what counts is what the agent finds. */
async function fill(cluster: EtcdCluster, count: number): Promise<void> {
  const settings = etcdSettings(cluster);
  const { keyOf } = makeKeys(settings.prefix);
  const bare = await BareEtcd.open(settings);
  const value = Buffer.from(JSON.stringify(allocationRecord(crypto.randomUUID())));
  for (let first = 0; first < count; first += PER_TRANSACTION) {
    const numbers = Array.from({ length: PER_TRANSACTION }, (_, n) => first + n);
    const keys = numbers.map((n) => keyOf({ ...allocationRef(n), space: "default" }));
    await bare.put(keys, [], value);
  }
  bare.close();
}
