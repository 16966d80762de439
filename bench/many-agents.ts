import { type EtcdCluster, startEtcd } from "../test/kit/etcd.ts";
import { sumOf } from "../test/kit/metric.ts";
import { type AgentOnStore, adder, agentOnEtcd, deleter } from "./agent-on-store.ts";
import { processorMs } from "./processor.ts";
import { machine, report } from "./report.ts";
import { markdown } from "./statistics.ts";

/**
 * What one ADD with its DEL costs etcd and the other nodes, by the number of nodes: real agents on one etcd
 * (3.6, mutual TLS) and in one address space, each of which has served two ADDs. The first serves all ADDs and
 * DELs, the others are idle. Only processor time and bytes are counted. Before, all of them rest for a while,
 * which is what agents cost that do nothing. `--short` proves that the program works, nothing else.
 */

const SHORT = process.argv.includes("--short");
const AGENTS = SHORT ? [2, 5] : [1, 10, 30, 60];
const PAIRS = SHORT ? 10 : 300;
/** ADDs and DELs that warm the first agent up: the engine compiles what runs often. */
const WARM = SHORT ? 2 : 100;
/** In which an agent looks twice, and the epoch rises about once. */
const REST_MS = SHORT ? 1_000 : 60_000;
/** Agents that just started compile, and give memory back. */
const SETTLE_MS = SHORT ? 500 : 10_000;
/** Agents that start at once: more would only wait for each other. */
const TOGETHER = 4;

/** Counted from the start of the processes. */
interface Count {
  readonly at: number;
  readonly etcdMs: number;
  readonly sentBytes: number;
  readonly requests: number;
  /** Of all agents but the first. */
  readonly idleMs: number;
}

/** A difference of two counts. */
type Cost = Count;

interface Measured {
  readonly agents: number;
  readonly rest: Cost;
  readonly busy: Cost;
}

const measured: Measured[] = [];
for (const agents of AGENTS) measured.push(await measure(agents));
report({ bench: "many-agents", text: textOf(measured), short: SHORT });

async function measure(count: number): Promise<Measured> {
  await using cluster = await startEtcd({ version: "3.6", tls: true });
  await using disposing = new AsyncDisposableStack();
  const agents: AgentOnStore[] = [];
  for (let first = 0; first < count; first += TOGETHER) {
    const numbers = Array.from({ length: Math.min(TOGETHER, count - first) }, (_, n) => first + n);
    const started = await Promise.all(numbers.map((n) => agentOnEtcd(cluster, `node${n + 1}`)));
    for (const agent of started) {
      disposing.use(agent);
      agents.push(agent);
      // The first reads store, network and space, the second foresees.
      for (const n of [0, 1]) await adder(agent.door)(n);
    }
  }
  const [busy, ...idle] = agents;
  if (busy === undefined) throw new Error("expected an agent");
  await pairs(busy, WARM, 2);
  await Bun.sleep(SETTLE_MS);
  const counts = () => countOf(cluster, idle);
  const before = await counts();
  await Bun.sleep(REST_MS);
  const rested = await counts();
  await pairs(busy, PAIRS, WARM + 2);
  const after = await counts();
  return { agents: count, rest: minus(rested, before), busy: minus(after, rested) };
}

async function pairs({ door }: AgentOnStore, count: number, from: number): Promise<void> {
  const [add, del] = [adder(door), deleter(door)];
  for (let n = from; n < from + count; n += 1) {
    await add(n);
    await del(n);
  }
}

async function countOf(cluster: EtcdCluster, idle: readonly AgentOnStore[]): Promise<Count> {
  const [member] = cluster.members;
  if (member === undefined) throw new Error("expected a member of etcd");
  const text = await member.metrics();
  return {
    at: performance.now(),
    etcdMs: processorMs(member.pid()),
    sentBytes: sumOf(text, "etcd_network_client_grpc_sent_bytes_total"),
    requests: sumOf(text, "grpc_server_started_total", 'grpc_type="unary"'),
    idleMs: idle.reduce((sum, { pid }) => sum + processorMs(pid), 0),
  };
}

function minus(a: Count, b: Count): Cost {
  return {
    at: a.at - b.at,
    etcdMs: a.etcdMs - b.etcdMs,
    sentBytes: a.sentBytes - b.sentBytes,
    requests: a.requests - b.requests,
    idleMs: a.idleMs - b.idleMs,
  };
}

function textOf(all: readonly Measured[]): string {
  const [one] = all;
  if (one === undefined) throw new Error("expected a measurement");
  const head = [
    "agents",
    "etcd: CPU ms (of that at rest)",
    ": first row",
    "etcd: KiB sent (of that at rest)",
    ": first row",
    "each idle agent: CPU ms (of that at rest)",
  ];
  const first = perPair(one);
  const rows = all.map((each) => {
    const { etcdMs, sentKiB, idleMs } = perPair(each);
    return [
      String(each.agents),
      both(etcdMs, 2),
      ratio(etcdMs, first.etcdMs),
      both(sentKiB, 2),
      ratio(sentKiB, first.sentKiB),
      each.agents === 1 ? "" : both(idleMs, 3),
    ];
  });
  const text = `On ${machine()}. For one ADD and its DEL, of ${PAIRS} through the first agent; the ratios are of what is above the rest:`;
  const atRest = `At rest, by agent, counted over ${REST_MS / 1000} seconds; what etcd does by itself is shared among them, and one agent has it alone:`;
  return [text, markdown([head, ...rows]), atRest, restTable(all)].join("\n\n");
}

interface Figure {
  readonly all: number;
  readonly rest: number;
}

/** What one ADD and DEL cost, and what the same time would have cost at rest. */
function perPair({ agents, busy, rest }: Measured) {
  const share = busy.at / rest.at / PAIRS;
  const figure = (of: (cost: Cost) => number, per = 1): Figure => ({
    all: of(busy) / PAIRS / per,
    rest: (of(rest) * share) / per,
  });
  return {
    etcdMs: figure(({ etcdMs }) => etcdMs),
    sentKiB: figure(({ sentBytes }) => sentBytes, 1024),
    idleMs: figure(({ idleMs }) => idleMs, Math.max(1, agents - 1)),
  };
}

function both({ all, rest }: Figure, digits: number): string {
  return `${all.toFixed(digits)} (${rest.toFixed(digits)})`;
}

function ratio(figure: Figure, first: Figure): string {
  return `${((figure.all - figure.rest) / (first.all - first.rest)).toFixed(2)} ×`;
}

/** Where one agent alone is measured, there is no idle one. */
function restTable(all: readonly Measured[]): string {
  const head = [
    "agents",
    "etcd: CPU ms per second",
    "etcd: requests per minute",
    "etcd: bytes sent per second",
    "agent: CPU ms per second",
  ];
  const rows = all.map(({ agents, rest }) => {
    const seconds = rest.at / 1000;
    return [
      String(agents),
      (rest.etcdMs / seconds / agents).toFixed(2),
      ((60 * rest.requests) / seconds / agents).toFixed(1),
      (rest.sentBytes / seconds / agents).toFixed(0),
      agents === 1 ? "" : (rest.idleMs / seconds / (agents - 1)).toFixed(2),
    ];
  });
  return markdown([head, ...rows]);
}
