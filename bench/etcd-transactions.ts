import type { EtcdSettings } from "../src/config/network-configuration.ts";
import type { AttachmentRecord } from "../src/ipam/records.ts";
import type { Transaction } from "../src/ipam/store-port.ts";
import { openEtcdStore } from "../src/store/etcd/open.ts";
import { startEtcd } from "../test/kit/etcd.ts";
import { allocationRecord, allocationRef, within } from "../test/kit/etcd-records.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { BareEtcd } from "./etcd-bare.ts";
import { machine, report } from "./report.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/**
 * Transactions as an ADD makes them (four guards, two records), through our store and through the
 * bare client, one at a time and 64 at once: the same etcd 3.6 with fsync and mutual TLS, each
 * client a process of its own, alternating. `--short` proves that the program works, nothing else.
 */

const SHORT = process.argv.includes("--short");
const ROUNDS = SHORT ? 1 : 5;
const SERIAL = SHORT ? 20 : 500;
const TOGETHER = SHORT ? 200 : 8000;
const CALLERS = 64;

type Write = (n: number) => Promise<unknown>;
interface Measured {
  readonly single: number[];
  readonly perSecond: number;
}

const [role, settingsText = "", start = "0"] = process.argv.slice(2);
if (role === "store" || role === "bare") await client(role, JSON.parse(settingsText), Number(start));
else await compare();

async function compare(): Promise<void> {
  await using cluster = await startEtcd({ version: "3.6", tls: true, durable: true });
  const results: Record<"store" | "bare", Measured[]> = { store: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of ["bare", "store"] as const) {
      const n = (2 * round + (who === "bare" ? 0 : 1)) * 50_000;
      results[who].push(await inProcess(who, etcdSettings(cluster), n));
    }
  }
  const row = (name: string, measured: Measured[]) => {
    const single = measured.flatMap((one) => one.single);
    const rate = median(measured.map((one) => one.perSecond));
    return [name, ms(median(single)), ms(quantile(single, 0.99)), rate.toFixed(0)];
  };
  const rate = (who: "store" | "bare") => median(results[who].map((one) => one.perSecond));
  const table = markdown([
    [
      "guarded transactions, etcd 3.6, mutual TLS, fsync",
      "one at a time, median ms",
      "p99 ms",
      "64 at once, per s",
    ],
    row("bare client, one request each", results.bare),
    row("kube-ipam's store", results.store),
  ]);
  const ratio = `Ratio at 64 at once: ${(rate("store") / rate("bare")).toFixed(2)}`;
  report({ bench: "etcd-transactions", text: `On ${machine()}:\n\n${table}\n\n${ratio}`, short: SHORT });
}

async function inProcess(who: string, settings: EtcdSettings, n: number): Promise<Measured> {
  const command = [process.execPath, import.meta.path, who, JSON.stringify(settings), String(n)];
  const child = Bun.spawn([...command, ...(SHORT ? ["--short"] : [])], { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await child.stdout.text());
}

async function client(who: "store" | "bare", settings: EtcdSettings, from: number): Promise<void> {
  const write = who === "store" ? await storeWriter(settings) : await bareWriter(settings);
  for (let n = 0; n < SERIAL; n += 1) await write(from + n);
  const single: number[] = [];
  for (let n = SERIAL; n < 2 * SERIAL; n += 1) {
    const begin = performance.now();
    await write(from + n);
    single.push(performance.now() - begin);
  }
  let next = from + 2 * SERIAL;
  const end = next + TOGETHER;
  const begin = performance.now();
  const caller = async () => {
    while (next < end) {
      next += 1;
      await write(next);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const perSecond = (TOGETHER / (performance.now() - begin)) * 1000;
  console.log(JSON.stringify({ single, perSecond }));
  process.exit(0);
}

async function storeWriter(settings: EtcdSettings): Promise<Write> {
  const store = await openEtcdStore(settings);
  return async (n) => {
    const outcome = await store.commit(transaction(n), within(30_000));
    if (!outcome.won) throw new Error(`expected to win address ${n}`);
  };
}

async function bareWriter(settings: EtcdSettings): Promise<Write> {
  const bare = await BareEtcd.open(settings);
  const value = Buffer.from(JSON.stringify(allocationRecord(crypto.randomUUID())));
  return (n) => {
    const keys = [`/bare/allocations/${n}`, `/bare/attachments/${n}`];
    return bare.put(keys, [...keys, `/bare/reservations/${n}`, `/bare/cooling/${n}`], value);
  };
}

function transaction(n: number): Transaction {
  const { space, address } = allocationRef(n);
  const record = allocationRecord(crypto.randomUUID());
  const [holder] = record.holders;
  if (holder === undefined) throw new Error("expected a holder");
  const index = { kind: "attachment", node: "n1", id: { ...holder.attachment, container: `c${n}` } } as const;
  const indexed: AttachmentRecord = {
    version: 1,
    space,
    addresses: ["10.0.0.1"],
    prefixes: [24],
    gateways: ["10.0.0.254"],
    origin: "dynamic",
    holder,
  };
  const allocation = { kind: "allocation", space, address } as const;
  const guarded = [
    allocation,
    index,
    { ...allocation, kind: "reservation" },
    { ...allocation, kind: "cooling" },
  ] as const;
  return {
    guards: guarded.map((ref) => ({ ref, revision: 0 })),
    puts: [
      { ref: allocation, record },
      { ref: index, record: indexed },
    ],
    deletes: [],
  };
}
