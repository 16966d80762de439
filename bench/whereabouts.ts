import { startKubernetes, withoutKubernetes } from "../test/kit/kubernetes.ts";
import { makeNamespace } from "../test/kit/namespaces.ts";
import { subjectCalled } from "../test/kit/subject.ts";
import { installWhereabouts, withoutWhereabouts } from "../test/kit/whereabouts.ts";
import { World } from "../test/kit/world.ts";
import { machine, report } from "./report.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/**
 * Whole-process ADD and DEL of kube-ipam beside the real whereabouts on a real API server, and
 * host-local, alternating in one run on one machine. kube-ipam on a real etcd with mutual TLS, alone
 * and through its agent.
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
const contestants = [
  ...(await Promise.all(["host-local", "kube-ipam-etcd", "kube-ipam-agent-etcd"].map(ofSubject))),
  await ofWhereabouts(),
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
await stack.disposeAsync();
// The etcd that subjects share ends with the process, and keeps it until then.
process.exit(0);

async function ofSubject(name: string): Promise<Contestant> {
  const world = stack.use(await World.open(subjectCalled(name)));
  const network = world.network({ subnet: RANGE });
  return {
    name,
    run: async (verb, container) => checked(name, verb, await world.run(verb, network, { container })),
  };
}

async function ofWhereabouts(): Promise<Contestant> {
  const kubernetes = stack.use(await startKubernetes());
  const { run } = await installWhereabouts(kubernetes, RANGE);
  const namespace = stack.use(await makeNamespace());
  const name = "whereabouts";
  return {
    name,
    run: async (verb, container) => {
      const pod = { namespace: "default", name: container, uid: container };
      return checked(name, verb, await run(verb, { pod, container, namespace }));
    },
  };
}

type Finished = Awaited<ReturnType<World["run"]>>;

function checked(name: string, verb: string, { exitCode, milliseconds, stdout }: Finished): number {
  if (exitCode !== 0) throw new Error(`${name}: ${verb} failed: ${stdout}`);
  return milliseconds;
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
