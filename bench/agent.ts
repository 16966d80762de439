import { cpus } from "node:os";
import type { Subject } from "../test/kit/subject.ts";
import { type AgentPlace, throughAgent } from "../test/kit/subject-agent.ts";
import { kubeIpamOnEtcd } from "../test/kit/subject-etcd.ts";
import { hostLocal } from "../test/kit/subject-host-local.ts";
import { kubeIpam } from "../test/kit/subject-kube-ipam.ts";
import { World } from "../test/kit/world.ts";
import { residentMiB } from "./resident.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/**
 * Whole-process ADD as the runtime sees it: host-local, the plugin alone, and shim with agent, on the
 * embedded store and on etcd with mutual TLS. All take turns in one run on one machine. `--short`
 * proves that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const AT_ONCE = [1, 8, 40];

interface Way {
  readonly title: string;
  readonly world: World;
  readonly times: Map<number, number[]>;
}

const agents: AgentPlace[] = [];
const ways = [
  await open("host-local", hostLocal()),
  await open("shim + agent, embedded", behindAgent(kubeIpam())),
  await open("shim + agent, etcd mTLS", behindAgent(kubeIpamOnEtcd())),
  await open("plugin alone, embedded", kubeIpam()),
  await open("plugin alone, etcd mTLS", kubeIpamOnEtcd()),
];
try {
  for (const atOnce of AT_ONCE) await measure(atOnce);
  console.log(
    `ADD, whole process, milliseconds, on ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}):\n`,
  );
  console.log(markdown(AT_ONCE.flatMap((atOnce, index) => table(atOnce).slice(index === 0 ? 0 : 1))));
  for (const place of agents) console.log(`\nagent's resident memory: ${residentMiB(place.agent().pid)} MiB`);
} finally {
  for (const { world } of ways) await world[Symbol.asyncDispose]();
}

// The etcd of the subjects ends with this process, and keeps it alive until then.
process.exit(0);

async function open(title: string, subject: Subject): Promise<Way> {
  return { title, world: await World.open(subject), times: new Map() };
}

function behindAgent(plain: Subject): Subject {
  return {
    ...plain,
    open: async () => {
      const place = await throughAgent(plain);
      agents.push(place);
      return place;
    },
  };
}

/** Turn by turn, so that a disturbance of the machine meets all. The first rounds only warm up. */
async function measure(atOnce: number): Promise<void> {
  const rounds = SHORT ? 2 : Math.ceil(300 / atOnce);
  for (let round = -3; round < rounds; round += 1) {
    for (const { world, times } of ways) {
      const containers = Array.from({ length: atOnce }, (_, n) => `a${atOnce}r${round + 3}c${n}`);
      const taken = await Promise.all(containers.map((container) => add(world, container)));
      if (round >= 0) times.set(atOnce, [...(times.get(atOnce) ?? []), ...taken]);
    }
  }
}

async function add(world: World, container: string): Promise<number> {
  const finished = await world.run("ADD", world.network({ subnet: "10.1.0.0/16" }), { container });
  if (finished.exitCode !== 0) throw new Error(`ADD failed: ${finished.stdout} ${finished.stderr}`);
  return finished.milliseconds;
}

function table(atOnce: number): string[][] {
  const reference = ways[0]?.times.get(atOnce) ?? [];
  return [
    ["way", "at once", "median", "p99", "slowest", "median against host-local", "slowest"],
    ...ways.map(({ title, times }) => {
      const mine = times.get(atOnce) ?? [];
      const ratio = (share: number) => `${(quantile(mine, share) / quantile(reference, share)).toFixed(2)} ×`;
      const cells = [median(mine), quantile(mine, 0.99), quantile(mine, 1)].map(ms);
      return [title, String(atOnce), ...cells, ratio(0.5), ratio(1)];
    }),
  ];
}
