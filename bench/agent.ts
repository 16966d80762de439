import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { run } from "../test/kit/run.ts";
import type { Subject } from "../test/kit/subject.ts";
import { throughAgent } from "../test/kit/subject-agent.ts";
import { kubeIpamOnEtcd, sharedEtcd } from "../test/kit/subject-etcd.ts";
import { hostLocal } from "../test/kit/subject-host-local.ts";
import { kubeIpam } from "../test/kit/subject-kube-ipam.ts";
import { World } from "../test/kit/world.ts";
import { BareEtcd } from "./etcd-bare.ts";
import { machine, report } from "./report.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/**
 * Whole-process ADD as the runtime sees it: host-local, the plugin alone, and shim with agent, on the
 * embedded store and on etcd with fsync. All take turns in one run on one machine. The limit is what
 * nobody can do without: the start of a process that does nothing, and one bare etcd transaction.
 * `--short` proves that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const AT_ONCE = [1, 8, 40];
const MTLS = { durable: true };

/** One ADD of container number `n` in a round of its own name; answers its milliseconds. */
type Add = (container: string, n: number) => Promise<number>;
interface Way {
  readonly title: string;
  readonly add: Add;
  readonly times: Map<number, number[]>;
}

const worlds: World[] = [];
const ways: Way[] = [
  await through("host-local", hostLocal()),
  await limit("limit: process start + bare etcd transaction, mTLS"),
  await through("shim + agent, embedded", behindAgent(kubeIpam())),
  await through("shim + agent, etcd mTLS", behindAgent(kubeIpamOnEtcd(MTLS))),
  await through("shim + agent, etcd mTLS, fixed address", behindAgent(kubeIpamOnEtcd(MTLS)), fixedAddress),
  await through("plugin alone, embedded", kubeIpam()),
  await through("plugin alone, etcd", kubeIpamOnEtcd({ ...MTLS, tls: false })),
  await through("plugin alone, etcd mTLS", kubeIpamOnEtcd(MTLS)),
];
try {
  for (const atOnce of AT_ONCE) await measure(atOnce);
  const rows = AT_ONCE.flatMap((atOnce, index) => table(atOnce).slice(index === 0 ? 0 : 1));
  const text = `ADD, whole process, milliseconds, on ${machine()}:\n\n${markdown(rows)}`;
  report({ bench: "agent", text, short: SHORT });
} finally {
  for (const world of worlds) await world[Symbol.asyncDispose]();
}
// The etcd of the subjects ends with this process, and keeps it alive until then.
process.exit(0);

async function through(
  title: string,
  subject: Subject,
  args: (n: number) => string = () => "",
): Promise<Way> {
  const world = await World.open(subject);
  worlds.push(world);
  const net = world.network({ subnet: "10.1.0.0/16", rangeStart: "10.1.100.0" });
  const add: Add = async (container, n) => {
    const begin = performance.now();
    const call = () => world.run("ADD", net, { container, args: args(n) });
    let finished = await call();
    // As the runtime does: "try again later" is no end.
    while (finished.stdout.includes('"code":11')) finished = await call();
    if (finished.exitCode !== 0) throw new Error(`${title}: ${finished.stdout} ${finished.stderr}`);
    return performance.now() - begin;
  };
  return { title, add, times: new Map() };
}

/** Another one each time, outside the range of the dynamic ones. */
function fixedAddress(n: number): string {
  return `IgnoreUnknown=1;IP=10.1.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`;
}

function behindAgent(plain: Subject): Subject {
  return { ...plain, open: () => throughAgent(plain) };
}

async function limit(title: string): Promise<Way> {
  const bare = await BareEtcd.open(etcdSettings(await sharedEtcd(MTLS)));
  const value = new Uint8Array(400);
  const add: Add = async (container) => {
    const { milliseconds } = await run(["/bin/true"]);
    const begin = performance.now();
    const keys = [`/limit/allocations/${container}`, `/limit/attachments/${container}`];
    await bare.put(keys, [...keys, `/limit/reservations/${container}`, `/limit/cooling/${container}`], value);
    return milliseconds + performance.now() - begin;
  };
  return { title, add, times: new Map() };
}

/** Turn by turn, so that a disturbance of the machine meets all. The first rounds only warm up. */
async function measure(atOnce: number): Promise<void> {
  const rounds = SHORT ? 2 : Math.ceil(160 / atOnce);
  for (let round = -3; round < rounds; round += 1) {
    for (const { add, times } of ways) {
      const numbers = Array.from(
        { length: atOnce },
        (_, n) => (round + 3) * atOnce + n + 1000 * AT_ONCE.indexOf(atOnce),
      );
      const taken = await Promise.all(numbers.map((n) => add(`a${n}`, n)));
      if (round >= 0) times.set(atOnce, [...(times.get(atOnce) ?? []), ...taken]);
    }
  }
}

function table(atOnce: number): string[][] {
  const reference = ways[0]?.times.get(atOnce) ?? [];
  const least = ways[1]?.times.get(atOnce) ?? [];
  const over = (mine: readonly number[], theirs: readonly number[], share: number) =>
    `${(quantile(mine, share) / quantile(theirs, share)).toFixed(2)} ×`;
  return [
    [
      "way",
      "at once",
      "median",
      "p99",
      "slowest",
      "median : host-local",
      "slowest : host-local",
      "median : limit",
    ],
    ...ways.map(({ title, times }) => {
      const mine = times.get(atOnce) ?? [];
      const cells = [median(mine), quantile(mine, 0.99), quantile(mine, 1)].map(ms);
      const ratios = [over(mine, reference, 0.5), over(mine, reference, 1), over(mine, least, 0.5)];
      return [title, String(atOnce), ...cells, ...ratios];
    }),
  ];
}
