import { temporaryFolder } from "../test/kit/folder.ts";
import type { Subject } from "../test/kit/subject.ts";
import { installShim } from "../test/kit/subject-agent.ts";
import { kubeIpamOnEtcd } from "../test/kit/subject-etcd.ts";
import { hostLocal } from "../test/kit/subject-host-local.ts";
import { World } from "../test/kit/world.ts";
import { peakMebibytes } from "./memory-cgroup.ts";
import { POD_ARGS, startPodApi } from "./pod-api.ts";
import { machine, report } from "./report.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/**
 * A pod's ADD without an agent: etcd with mutual TLS and fsync, Kubernetes asked by a kubeconfig over TLS. The whole
 * process one at a time, in turns with host-local; and what 40 at once add to the machine's memory. `--short` proves
 * that the program works and nothing else; `--record FILE` only writes which functions such an ADD uses, for
 * scripts/build.sh.
 */

const SHORT = process.argv.includes("--short");
const ROUNDS = SHORT ? 2 : 120;
const STORMS = SHORT ? 1 : 5;
const AT_ONCE = 40;
/** The first ones only warm the page cache. */
const WARM = 3;
const ETCD = { durable: true };

interface Way {
  readonly title: string;
  readonly world: World;
  readonly add: (container: string, prefix?: readonly string[]) => Promise<number>;
  readonly times: number[];
  readonly mebibytes: number[];
}

using folder = temporaryFolder("cold");
const api = await startPodApi(folder, {});
const pod = { kubeConfig: api.kubeConfig };
const [, , option, file] = process.argv;
if (option === "--record" && file !== undefined) await record(file);
else await measure();
await api.stop();
// The etcd of the subjects ends with this process, and keeps it alive until then.
process.exit(0);

async function measure(): Promise<void> {
  const ways = [
    await way("host-local", hostLocal()),
    await way("plugin alone, etcd mTLS", kubeIpamOnEtcd(ETCD)),
    await way("plugin alone, etcd mTLS, Kubernetes asked", kubeIpamOnEtcd(ETCD), pod),
    await way("shim without an agent, etcd mTLS, Kubernetes asked", behindShim(kubeIpamOnEtcd(ETCD)), pod),
  ];
  for (let round = -WARM; round < ROUNDS; round += 1)
    for (const { add, times } of ways) {
      const taken = await add(`a${round + WARM}`);
      if (round >= 0) times.push(taken);
    }
  for (let storm = 0; storm < STORMS; storm += 1)
    for (const { add, mebibytes } of ways) {
      const all = (prefix: readonly string[]) =>
        Promise.all(Array.from({ length: AT_ONCE }, (_, n) => add(`s${storm}-${n}`, prefix)));
      mebibytes.push((await peakMebibytes(all)) / AT_ONCE);
    }
  for (const { world } of ways) await world[Symbol.asyncDispose]();
  const text = `A pod's ADD without an agent, on ${machine()}:\n\n${markdown(table(ways))}`;
  report({ bench: "cold", text, short: SHORT });
}

async function way(title: string, subject: Subject, ipam: object = {}): Promise<Way> {
  const world = await World.open(subject);
  const net = world.network({ subnet: "10.1.0.0/16", ...ipam });
  const args = "kubeConfig" in ipam ? POD_ARGS : "";
  const add = async (container: string, prefix: readonly string[] = []) => {
    const finished = await world.run("ADD", net, { container, args }, { prefix });
    if (finished.exitCode !== 0) throw new Error(`${title}: ${finished.stdout} ${finished.stderr}`);
    return finished.milliseconds;
  };
  return { title, world, add, times: [], mebibytes: [] };
}

function behindShim(plain: Subject): Subject {
  return {
    ...plain,
    open: async () => {
      const place = await plain.open();
      const { executable, socket } = installShim(place.folder, place.executable);
      return { ...place, executable, env: { ...place.env, KUBE_IPAM_AGENT_SOCKET: socket } };
    },
  };
}

function table(ways: readonly Way[]): string[][] {
  const reference = median(ways[0]?.times ?? []);
  return [
    ["way", "median ms", "p99 ms", "median : host-local", `MiB for each of ${AT_ONCE} at once`],
    ...ways.map(({ title, times, mebibytes }) => [
      title,
      ms(median(times)),
      ms(quantile(times, 0.99)),
      `${(median(times) / reference).toFixed(2)} ×`,
      median(mebibytes).toFixed(1),
    ]),
  ];
}

/** Keeps of what Bun records only our own functions: the rest comes with Bun, and is the same for all. */
async function record(path: string): Promise<void> {
  await using world = await World.open(kubeIpamOnEtcd());
  const net = world.network({ subnet: "10.1.0.0/16", ...pod });
  const raw = folder.file("recorded");
  // Not the first one of a node, which does more.
  await world.add(net, { container: "first", args: POD_ARGS });
  await world.add(net, { container: "c", args: POD_ARGS }, { env: { BUN_BYTECODE_ORDER_OUT: raw } });
  const lines = (await Bun.file(raw).text()).split("\n");
  const kept = lines.filter((line, index) => index === 0 || line.startsWith("F "));
  await Bun.write(path, `${kept.join("\n")}\n`);
  console.log(`${path}: ${kept.length - 1} functions`);
}
