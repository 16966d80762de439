import { openEtcdStore } from "../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../test/kit/etcd.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { faultsOf } from "../test/kit/fleet/faults.ts";
import { Tally } from "../test/kit/fleet/tally.ts";
import { type CostRow, costTable } from "./cost-table.ts";
import type { Answer, Command } from "./fleet-commands.ts";
import { FleetProcesses } from "./fleet-processes.ts";
import { processorMs } from "./processor.ts";
import { machine, report } from "./report.ts";

/**
 * The life of a cluster of a thousand nodes on one real etcd: the core as it is, with the foresight that the agent
 * keeps, for a thousand node identities in two processes, each with one connection. It counts the round trips of
 * ADDs and etcd's processor time, and compares the store with its own books. Fails where those differ. `--short`
 * proves that the program works, nothing else.
 */
const SHORT = process.argv.includes("--short");
const THOUSAND = 1000;
/** `--nodes=200`: fewer, and a smaller pool; printed only. */
const NODES = SHORT
  ? 40
  : Number(process.argv.find((each) => each.startsWith("--nodes="))?.slice(8) ?? THOUSAND);
/** Of a /16, or as much less of one, without the network's, the broadcast and the gateway's address. */
const POOL = Math.round((65_533 * NODES) / THOUSAND);
const FULL = 0.92;
const PROCESSES = 2;
/** So many times as fast as in a cluster go the minutes of the steady phases. */
const FASTER = SHORT ? 60 : 6;
const COOLING_SECONDS = 60 / FASTER;
/**
 * Between two pods that a node starts one after the other in each of its 4 to 10 places: a kubelet needs seconds.
 * Much quicker, and a thousand nodes measure an etcd that is over its limit, whose answers are seconds old.
 */
const BETWEEN_MS = SHORT ? 200 : 8_000;
/** Of the pods, each minute. */
const CHURN = 0.05;
const MINUTE_MS = 60_000 / FASTER;
const RACK = NODES / 10;
const FIXED = 5 * RACK;

const faults: string[] = [];
const tally = new Tally();
/** Of etcd, by phase. */
const spentMs = new Map<string, number>();

await using etcd = await startEtcd({ version: "3.6", tls: true });
await using fleet = await startFleet(etcd);
const spent = () => processorMs(etcd.members[0]?.pid() ?? 0);

await bootAll();
await steady();
await loseRack();
await lastPercent();
await closeBooks();
report({ bench: "thousand-nodes", text: tables(), short: NODES < THOUSAND });
for (const fault of faults.slice(0, 20)) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

function startFleet(cluster: EtcdCluster): Promise<FleetProcesses> {
  const settings = etcdSettings(cluster, { requestTimeoutMs: 30_000 });
  return FleetProcesses.start(
    Array.from({ length: PROCESSES }, (_, index) => ({
      settings,
      prefix: `p${index}n`,
      nodes: NODES / PROCESSES,
      pool: POOL,
      part: POOL / PROCESSES,
      coolingSeconds: COOLING_SECONDS,
      betweenMs: BETWEEN_MS,
      seed: index + 1,
    })),
  );
}

/** All processes do a command of a phase. */
async function inPhase(phase: string, commandFor: (process: number) => Command): Promise<Answer[]> {
  const [begun, before] = [performance.now(), spent()];
  const answers = await fleet.ask((process) => ({ ...commandFor(process), phase }));
  console.error(`${phase}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  spentMs.set(phase, (spentMs.get(phase) ?? 0) + spent() - before);
  faults.push(...answers.flatMap((answer) => answer.faults ?? []));
  return answers;
}

/** So many pods start, as many in each process. */
function start(phase: string, count: number): Promise<Answer[]> {
  return inPhase(phase, (process) => ({ do: "fill", count: partOf(count, process) }));
}

function fillTo(phase: string, share: number): Promise<Answer[]> {
  return start(phase, Math.round(share * POOL) - fleet.given);
}

/** A whole number's part for one of the processes. */
function partOf(count: number, process: number): number {
  return Math.floor(count / PROCESSES) + (process < count % PROCESSES ? 1 : 0);
}

/** (a) All nodes boot at once. etcd's time is read where a degree of filling is passed. */
async function bootAll(): Promise<void> {
  let before = spent();
  const degrees = [0.25, 0.5, 0.75, 0.85, 1];
  let from = 0;
  const pass = () => {
    const now = spent();
    const to = degrees.shift() ?? 1;
    spentMs.set(`a ${percent(from)}-${percent(Math.min(to, FULL))} %`, now - before);
    before = now;
    from = to;
  };
  fleet.progressed = (given) => {
    while (given >= (degrees[0] ?? 2) * POOL) pass();
  };
  await fillTo("a", FULL);
  fleet.progressed = () => undefined;
  pass();
}

/** (b) Pods are replaced all the time. (c) So they are while all agents restart within a minute, and after it. */
async function steady(): Promise<void> {
  const perMinute = Math.round(CHURN * fleet.given);
  const churn = (minutes: number) => ({
    do: "churn" as const,
    count: Math.round((perMinute * minutes) / PROCESSES),
    everyMs: (MINUTE_MS * PROCESSES) / perMinute,
  });
  await inPhase("b", () => churn(2));
  await inPhase("c restarting", () => ({ ...churn(1), do: "restart", withinMs: MINUTE_MS }));
  await inPhase("c after", () => churn(1));
}

/** (d) A rack is lost: others take over its fixed addresses, and the rest of its pods start elsewhere. */
async function loseRack(): Promise<void> {
  const numbers = (process: number) =>
    Array.from({ length: FIXED }, (_, n) => n).filter((n) => n % PROCESSES === process);
  const rack = (process: number) => ({ nodes: partOf(RACK, process), numbers: numbers(process) });
  await inPhase("d first", (process) => ({ do: "start fixed", ...rack(process) }));
  const answers = await inPhase("d taken over", (process) => ({ do: "lose", ...rack(process) }));
  await start(
    "d elsewhere",
    answers.reduce((sum, { lost = 0 }) => sum + lost, 0),
  );
}

/** (e) The last percent, of which nothing cools any more; then nothing is free, until some pods end. */
async function lastPercent(): Promise<void> {
  await Bun.sleep(1000 * COOLING_SECONDS);
  await fillTo("e to 99 %", 0.99);
  await fillTo("e last percent", 1);
  await start("e full", 10);
  await inPhase("e freed", (process) => ({ do: "end", count: partOf(20, process) }));
  await start("e found again", 20);
  await start("e full again", 10);
}

async function closeBooks(): Promise<void> {
  const answers = await fleet.ask(() => ({ do: "report" }));
  for (const { costs = {}, faults: found = [] } of answers) {
    tally.add(costs);
    faults.push(...found);
  }
  const books = answers.flatMap((answer) => answer.books ?? []);
  const store = await openEtcdStore(etcdSettings(etcd, { requestTimeoutMs: 30_000 }));
  faults.push(...(await faultsOf(store, new Map(books))));
  await store.close();
  const wanted = { "e full": 10, "e full again": 10 } as Record<string, number>;
  for (const phase of spentMs.keys()) {
    const { refused } = tally.of(`${phase}|`);
    if (refused !== (wanted[phase] ?? 0)) faults.push(`phase ${phase}: ${refused} ADDs found no address`);
  }
  if (fleet.given !== POOL) faults.push(`${fleet.given} of ${POOL} addresses are given out in the end`);
  const most = Math.max(...answers.map(({ residentMiB = 0 }) => residentMiB));
  console.log(`${PROCESSES} processes, ${most} MiB resident at most`);
}

function tables(): string {
  const filling: CostRow[] = Object.entries(tally.costs).flatMap(([key, costs]) => {
    const [phase, degree = ""] = key.split("|");
    return phase === "a" ? [[degree, costs, spentMs.get(`a ${degree}`)] satisfies CostRow] : [];
  });
  const all: CostRow = ["all", tally.of("a|"), spentMs.get("a")];
  const phases = (names: Readonly<Record<string, string>>) =>
    costTable(
      "phase",
      Object.entries(names).map(([phase, name]) => [name, tally.of(`${phase}|`), spentMs.get(phase)]),
    );
  const faultless = faults.length === 0 ? "no duplicate, no leak" : `${faults.length} FAULTS`;
  return [
    `${NODES} nodes in ${PROCESSES} processes, a pool of ${POOL} addresses, etcd 3.6 with mutual TLS, on ${machine()}. In the end store and books agree: ${faultless}. etcd's time is that of a whole phase: where pods are replaced, with their DELs; where many start, each process sends many ADDs in one proposal.`,
    `(a) All nodes boot at once, and fill the pool to ${percent(FULL)} %; each starts 4 to 10 pods at a time:`,
    costTable("filled", [...filling, all]),
    `(b) ${percent(CHURN)} % of the pods are replaced each minute, for two minutes, ${FASTER} times as fast as that; an address cools for ${COOLING_SECONDS} s, as much less. (c) So they are while all agents restart within a minute, and in the minute after it:`,
    phases({ b: "steady", "c restarting": "all agents restart", "c after": "after it" }),
    `(d) A rack of ${RACK} nodes is lost, with ${FIXED} pods that have fixed addresses. The new pods get these on other nodes; a controller frees the rest, and as many pods start elsewhere:`,
    phases({
      "d first": "fixed addresses, the first time",
      "d taken over": "taken over",
      "d elsewhere": "the other pods",
    }),
    "(e) The last percent. Then ADDs are refused, until 20 pods of any nodes end: their addresses are found.",
    phases({
      "e to 99 %": `${percent(FULL)}-99 %`,
      "e last percent": "99-100 %",
      "e found again": "the 20 found again",
    }),
  ].join("\n\n");
}

function percent(share: number): string {
  return String(Math.round(100 * share));
}
