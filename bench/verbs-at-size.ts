import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EtcdCluster, startEtcd } from "../test/kit/etcd.ts";
import { readFromEtcd } from "../test/kit/etcd-metrics.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { addressOf, type Fill, fillEtcd, nodeOf, podOf } from "../test/kit/filled-etcd.ts";
import { filledKubernetes } from "../test/kit/filled-kubernetes.ts";
import { type Measured, measure } from "./measured-process.ts";
import { machine, report } from "./report.ts";
import { markdown } from "./statistics.ts";

/**
 * What an operator's verb costs where the store holds 100,000 allocations of 1,000 nodes, beside the same
 * verb where it holds 1,000: the whole process of the built executable, on a real etcd with mutual TLS.
 * `--short` proves that the program works, nothing else; `--only WORD` runs the verbs with that word.
 */

const SHORT = process.argv.includes("--short");
const ONLY = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
const LARGE: Fill = SHORT
  ? { nodes: 50, allocations: 500, reservations: 100 }
  : { nodes: 1_000, allocations: 100_000, reservations: 10_000 };
const SMALL: Fill = SHORT
  ? { nodes: 10, allocations: 100, reservations: 20 }
  : { nodes: 10, allocations: 1_000, reservations: 100 };

const EXECUTABLE = join(import.meta.dir, "../dist/kube-ipam");
/** The pod that is asked about. */
const N = 42;

interface Verb {
  readonly name: string;
  readonly args: readonly string[];
  /** Asks Kubernetes too. */
  readonly live?: boolean;
  /** Finds faults of this machine, which is no node: exit code 1. */
  readonly findsFaults?: boolean;
}

interface Row extends Measured {
  readonly ranges: number;
  readonly kibibytes: number;
}

const small = await measureAll(SMALL);
const large = await measureAll(LARGE);
const rows = [
  [
    "verb",
    "seconds",
    "CPU s",
    "peak MiB",
    "ranges read",
    "KiB read",
    "at 1,000: seconds",
    "peak MiB",
    "CPU for each allocation, beside 1,000",
  ],
  ...[...large].map(([name, at]) => {
    const base = small.get(name);
    if (base === undefined) throw new Error(`expected a measurement of ${name}`);
    const ratio = at.cpu / base.cpu / (LARGE.allocations / SMALL.allocations);
    return [
      name,
      at.seconds.toFixed(2),
      at.cpu.toFixed(2),
      String(at.peakMiB),
      String(at.ranges),
      String(Math.round(at.kibibytes)),
      base.seconds.toFixed(2),
      String(base.peakMiB),
      `${ratio.toFixed(2)} ×`,
    ];
  }),
];
const text = `${LARGE.allocations.toLocaleString("en-US")} allocations of ${LARGE.nodes.toLocaleString("en-US")} nodes, \
${LARGE.reservations.toLocaleString("en-US")} reservations, on ${machine()}:\n\n${markdown(rows)}`;
report({ bench: "verbs-at-size", text, short: SHORT || ONLY !== undefined });

async function measureAll(fill: Fill): Promise<Map<string, Row>> {
  await using cluster = await startEtcd({ version: "3.6", tls: true });
  await fillEtcd(etcdSettings(cluster), fill);
  const { folder } = cluster;
  using kubernetes = filledKubernetes(fill, folder.file("kubeconfig"));
  const env = environment(cluster);
  const found = new Map<string, Row>();
  for (const verb of verbs(fill, folder.file("export.json"))) {
    if (ONLY !== undefined && !verb.name.includes(ONLY)) continue;
    const before = await readFromEtcd(cluster);
    const live = verb.live === true ? ["--kubeconfig", kubernetes.kubeconfig] : [];
    const keep = verb.name === "store export" ? { keep: folder.file("export.json") } : {};
    const measured = await measure([EXECUTABLE, ...verb.args, ...live], { env, ...keep });
    if (measured.exitCode > (verb.findsFaults === true ? 1 : 0))
      throw new Error(`${verb.name} ended with ${measured.exitCode}: ${measured.stderr.slice(0, 2_000)}`);
    const after = await readFromEtcd(cluster);
    const row = {
      ...measured,
      ranges: after.ranges - before.ranges,
      kibibytes: (after.bytes - before.bytes) / 1024,
    };
    found.set(verb.name, row);
    if (ONLY !== undefined || process.env.BENCH_VERBOSE !== undefined)
      console.error(
        fill.allocations,
        verb.name,
        JSON.stringify({ ...row, stderr: row.stderr.slice(0, 300) }),
      );
  }
  return found;
}

function verbs(fill: Fill, exported: string): Verb[] {
  const { namespace, name } = podOf(N);
  return [
    { name: "ip list", args: ["ip", "list"] },
    { name: "ip list -o json", args: ["ip", "list", "-o", "json"] },
    { name: "ip list --namespace", args: ["ip", "list", "--namespace", namespace] },
    { name: "ip list --node", args: ["ip", "list", "--node", nodeOf(N, fill)] },
    { name: "ip list --address (a /26)", args: ["ip", "list", "--address", "10.0.0.64/26"] },
    { name: "ip who POD", args: ["ip", "who", `${namespace}/${name}`] },
    { name: "ip show ADDRESS", args: ["ip", "show", addressOf(N)] },
    { name: "check --store-only", args: ["check", "--store-only"] },
    { name: "check with Kubernetes", args: ["check"], live: true },
    { name: "gc --dry-run", args: ["gc", "--dry-run"] },
    { name: "gc --dry-run with Kubernetes", args: ["gc", "--dry-run"], live: true },
    { name: "gc with Kubernetes", args: ["gc"], live: true },
    { name: "store status", args: ["store", "status"] },
    { name: "store export", args: ["store", "export"] },
    { name: "store import --dry-run", args: ["store", "import", "--dry-run", "--timeout", "300", exported] },
    { name: "doctor", args: ["doctor"], findsFaults: true },
    { name: "recover --status", args: ["recover", "--status"], live: true },
  ];
}

/** A node of its own, which is none of the store's, with etcd in its file. */
function environment(cluster: EtcdCluster): Record<string, string> {
  const { folder, client, endpoints } = cluster;
  const dataDir = folder.file("node");
  mkdirSync(dataDir, { recursive: true });
  const file = folder.file("node.json");
  const { certFile, keyFile, trustedCaFile } = client ?? {};
  const etcdConfig = {
    etcdURL: endpoints.join(),
    etcdCertFile: certFile,
    etcdKeyFile: keyFile,
    etcdTrustedCAFile: trustedCaFile,
  };
  writeFileSync(
    file,
    JSON.stringify({ etcdConfig, dataDir, runDir: folder.file("run"), nodeName: "operator" }),
  );
  return { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", KUBE_IPAM_CONFIG: file };
}
