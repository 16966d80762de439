import type { EtcdSettings } from "../src/config/network-configuration.ts";
import { startEtcd } from "../test/kit/etcd.ts";
import { allocationRecord } from "../test/kit/etcd-records.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { adder, agentOnEtcd, type Door } from "./agent-on-store.ts";
import { BareEtcd } from "./etcd-bare.ts";
import { machine, report } from "./report.ts";
import { markdown, median } from "./statistics.ts";

/**
 * ADDs per second through one agent, 64 at once over its socket, against the bare guarded
 * transactions of the same etcd (mutual TLS, fsync), 64 at once too. Each side is driven by a process
 * of its own, in turns. `--short` proves that the program works, nothing else.
 */

const SHORT = process.argv.includes("--short");
const ROUNDS = SHORT ? 1 : 5;
const TOGETHER = SHORT ? 200 : 4000;
const CALLERS = 64;

interface Job {
  readonly from: number;
  readonly count: number;
  readonly agent?: Door;
  readonly etcd?: EtcdSettings;
}

const [role, text = "{}"] = process.argv.slice(2);
if (role === "job") await perform(JSON.parse(text));
else await compare();

async function compare(): Promise<void> {
  await using cluster = await startEtcd({ version: "3.4", tls: true, durable: true });
  await cluster.ready();
  await using agent = await agentOnEtcd(cluster);
  const etcd = etcdSettings(cluster);
  const rates = { bare: [] as number[], agent: [] as number[] };
  // What runs for days is measured warm: the engine compiles what runs often.
  await inProcess({ from: 0, count: TOGETHER, agent: agent.door });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const job = { from: round * TOGETHER, count: TOGETHER };
    rates.bare.push(await inProcess({ ...job, etcd }));
    rates.agent.push(await inProcess({ ...job, agent: agent.door }));
  }
  const ratios = rates.agent.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
  const table = markdown([
    ["what", "per second"],
    ["bare guarded transactions, etcd 3.4, mutual TLS, fsync", median(rates.bare).toFixed(0)],
    ["ADDs through one agent on the same etcd", median(rates.agent).toFixed(0)],
    ["ratio", median(ratios).toFixed(2)],
  ]);
  report({ bench: "agent-throughput", text: `64 at once, on ${machine()}:\n\n${table}`, short: SHORT });
}

async function inProcess(job: Job): Promise<number> {
  const command = [process.execPath, import.meta.path, "job", JSON.stringify(job)];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  return Number(await child.stdout.text());
}

async function perform({ from, count, agent, etcd }: Job): Promise<void> {
  const write = agent ? adder(agent) : await bareWriter(etcd);
  let next = from;
  const end = from + count;
  const begin = performance.now();
  const caller = async () => {
    while (next < end) {
      next += 1;
      await write(next);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  console.log(String((count / (performance.now() - begin)) * 1000));
  process.exit(0);
}

async function bareWriter(settings: EtcdSettings | undefined): Promise<(n: number) => Promise<void>> {
  if (settings === undefined) throw new Error("expected etcd's settings");
  const bare = await BareEtcd.open(settings);
  const value = Buffer.from(JSON.stringify(allocationRecord(crypto.randomUUID())));
  return (n) => {
    const keys = [`/bare/allocations/${n}`, `/bare/attachments/${n}`];
    return bare.put(keys, [...keys, `/bare/reservations/${n}`, `/bare/cooling/${n}`], value);
  };
}
