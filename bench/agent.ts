import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { run } from "../test/kit/run.ts";
import { kubeIpamOnEtcd, sharedEtcd } from "../test/kit/subject-etcd.ts";
import { hostLocal } from "../test/kit/subject-host-local.ts";
import { kubeIpam } from "../test/kit/subject-kube-ipam.ts";
import { BareEtcd } from "./etcd-bare.ts";
import { machine, report } from "./report.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";
import { type Add, behindAgent, fixedAddress, over, takeTurns, through, type Way } from "./ways.ts";

/**
 * Whole-process ADD as the runtime sees it: host-local, the plugin alone, and shim with agent, on the
 * embedded store and on etcd with fsync. All take turns in one run on one machine. The limit is what
 * nobody can do without: the start of a process that does nothing, and one bare etcd transaction.
 * `--short` proves that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const AT_ONCE = [1, 8, 40];
const MTLS = { durable: true };

const stack = new AsyncDisposableStack();
const ways: Way[] = [
  await through(stack, "host-local", hostLocal()),
  await limit("limit: process start + bare etcd transaction, mTLS"),
  await through(stack, "shim + agent, embedded", behindAgent(kubeIpam())),
  await through(stack, "shim + agent, etcd mTLS", behindAgent(kubeIpamOnEtcd(MTLS))),
  await through(
    stack,
    "shim + agent, etcd mTLS, fixed address",
    behindAgent(kubeIpamOnEtcd(MTLS)),
    fixedAddress,
  ),
  await through(stack, "plugin alone, embedded", kubeIpam()),
  await through(stack, "plugin alone, etcd", kubeIpamOnEtcd({ ...MTLS, tls: false })),
  await through(stack, "plugin alone, etcd mTLS", kubeIpamOnEtcd(MTLS)),
];
try {
  for (const [index, atOnce] of AT_ONCE.entries())
    await takeTurns(ways, atOnce, SHORT ? 2 : Math.ceil(160 / atOnce), 1000 * index);
  const rows = AT_ONCE.flatMap((atOnce, index) => table(atOnce).slice(index === 0 ? 0 : 1));
  const text = `ADD, whole process, milliseconds, on ${machine()}:\n\n${markdown(rows)}`;
  report({ bench: "agent", text, short: SHORT });
} finally {
  await stack.disposeAsync();
}
// The etcd of the subjects ends with this process, and keeps it alive until then.
process.exit(0);

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

function table(atOnce: number): string[][] {
  const [reference, least] = ways;
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
    ...ways.map((way) => {
      const mine = way.times.get(atOnce) ?? [];
      const cells = [median(mine), quantile(mine, 0.99), quantile(mine, 1)].map(ms);
      const ratios = [
        over(way, reference, atOnce, 0.5),
        over(way, reference, atOnce, 1),
        over(way, least, atOnce, 0.5),
      ];
      return [way.title, String(atOnce), ...cells, ...ratios];
    }),
  ];
}
