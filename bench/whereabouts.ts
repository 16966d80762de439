import { withoutKubernetes } from "../test/kit/kubernetes.ts";
import { makeNamespace } from "../test/kit/namespaces.ts";
import { type Subject, subjectCalled } from "../test/kit/subject.ts";
import { kubeIpamOnThisKubernetes } from "../test/kit/subject-kubernetes.ts";
import { installWhereabouts, withoutWhereabouts } from "../test/kit/whereabouts.ts";
import { World } from "../test/kit/world.ts";
import { perSecond, storeServer } from "./kubernetes/server.ts";
import { machine, report } from "./report.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";
import { behindAgent } from "./ways.ts";

/**
 * Whole-process ADD and DEL of kube-ipam beside the real whereabouts on a real API server, and
 * host-local, alternating in one run on one machine. kube-ipam on a real etcd with mutual TLS and on the
 * API server that whereabouts uses, alone and through its agent. And how many ADDs a second whereabouts and
 * kube-ipam make on that API server.
 *
 * Needs the programs of test/cluster/build.sh and test/cluster/whereabouts/build.sh. `--short` proves
 * that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const RANGE = "10.1.0.0/16";

interface Contestant {
  readonly name: string;
  run(verb: "ADD" | "DEL", container: string): Promise<number>;
}

const missing = withoutKubernetes() ?? withoutWhereabouts();
if (missing !== undefined) throw new Error(`whereabouts cannot be measured: ${missing}`);
const stack = new AsyncDisposableStack();
const kubernetes = stack.use(await storeServer());
const alone = await ofSubject("kube-ipam on its API server", kubeIpamOnThisKubernetes(kubernetes));
const agent = await ofSubject(
  "its agent on its API server",
  behindAgent(kubeIpamOnThisKubernetes(kubernetes)),
);
const whereabouts = await ofWhereabouts();
const etcd = ["kube-ipam-etcd", "kube-ipam-agent-etcd"];
const contestants = [
  ...(await Promise.all(["host-local", ...etcd].map((name) => ofSubject(name, subjectCalled(name))))),
  alone,
  agent,
  whereabouts,
];
const rows = [["what", ...contestants.flatMap(({ name }) => [`${name} median`, "p99", "ratio"])]];
for (const [atOnce, rounds] of [
  [1, SHORT ? 2 : 60],
  [8, SHORT ? 1 : 12],
] as const) {
  const measured = await compare(atOnce, rounds);
  for (const verb of ["ADD", "DEL"] as const) rows.push(row(`${verb}, ${atOnce} at once`, measured, verb));
}
const text = `Whole process, milliseconds, on ${machine()}; ratios to host-local:\n\n${markdown(rows)}`;
report({ bench: "whereabouts", text, short: SHORT });
const rates = `On ${machine()}, on one API server:\n\n${markdown(await ratesTable())}`;
report({ bench: "whereabouts-rate", text: rates, short: SHORT });
await stack.disposeAsync();
// The etcd that subjects share ends with the process, and keeps it until then.
process.exit(0);

async function ofSubject(name: string, subject: Subject): Promise<Contestant> {
  const world = stack.use(await World.open(subject));
  const network = world.network({ subnet: RANGE });
  return {
    name,
    run: (verb, container) => patiently(name, verb, () => world.run(verb, network, { container })),
  };
}

async function ofWhereabouts(): Promise<Contestant> {
  const { run } = await installWhereabouts(kubernetes, RANGE);
  const namespace = stack.use(await makeNamespace());
  const name = "whereabouts";
  return {
    name,
    run: (verb, container) => {
      const pod = { namespace: "default", name: container, uid: container };
      return patiently(name, verb, () => run(verb, { pod, container, namespace }));
    },
  };
}

type Finished = Awaited<ReturnType<World["run"]>>;

/** As the runtime does: a verb that failed is tried again, and its time goes on. */
async function patiently(name: string, verb: string, run: () => Promise<Finished>): Promise<number> {
  const begin = performance.now();
  for (let tries = 1; ; tries += 1) {
    const { exitCode, stdout } = await run();
    if (exitCode === 0) return performance.now() - begin;
    if (tries === MOST_TRIES) throw new Error(`${name}: ${verb} failed: ${stdout}`);
  }
}

const MOST_TRIES = 20;

/** By how many are made at once. Each has an equal time rather than an equal number. */
async function ratesTable(): Promise<string[][]> {
  const head = ["ADDs a second", "16 at once", ": whereabouts", "64 at once", ": whereabouts"];
  const sides = [whereabouts, alone, agent];
  const rates = new Map(sides.map(({ name }) => [name, [] as number[]]));
  for (const atOnce of [16, 64]) {
    for (const { name, run } of sides) {
      const count = SHORT ? atOnce : name === whereabouts.name ? 96 : name === agent.name ? 1_600 : 320;
      const add = (n: number) => run("ADD", `rate${atOnce}x${n}`);
      rates.get(name)?.push(await perSecond(0, count, atOnce, add));
    }
  }
  const theirs = rates.get(whereabouts.name) ?? [];
  const cells = (mine: readonly number[]) =>
    mine.flatMap((rate, n) => [rate.toFixed(1), `${(rate / (theirs[n] ?? Number.NaN)).toFixed(1)} ×`]);
  return [head, ...sides.map(({ name }) => [name, ...cells(rates.get(name) ?? [])])];
}

type Measured = ReadonlyMap<string, Readonly<Record<"ADD" | "DEL", number[]>>>;

async function compare(atOnce: number, rounds: number): Promise<Measured> {
  const measured = new Map(
    contestants.map(({ name }) => [name, { ADD: [] as number[], DEL: [] as number[] }]),
  );
  for (let round = -1; round < rounds; round += 1) {
    const containers = Array.from({ length: atOnce }, (_, n) => `r${round + 1}x${atOnce}c${n}`);
    for (const { name, run } of contestants) {
      for (const verb of ["ADD", "DEL"] as const) {
        const times = await Promise.all(containers.map((container) => run(verb, container)));
        // The first round only warms up.
        if (round >= 0) measured.get(name)?.[verb].push(...times);
      }
    }
  }
  return measured;
}

function row(title: string, measured: Measured, verb: "ADD" | "DEL"): string[] {
  const [base = []] = [...measured.values()].map((times) => times[verb]);
  const cells = [...measured.values()].flatMap((times) => [
    ms(median(times[verb])),
    ms(quantile(times[verb], 0.99)),
    `${(median(times[verb]) / median(base)).toFixed(1)} ×`,
  ]);
  return [title, ...cells];
}
