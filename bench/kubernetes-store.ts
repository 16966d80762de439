import { withoutKubernetes } from "../test/kit/kubernetes.ts";
import { atOnceOverAgents } from "./kubernetes/contention.ts";
import { memoryOfAddresses } from "./kubernetes/memory.ts";
import { timesOfMoves } from "./kubernetes/move.ts";
import { ratesOfAgents } from "./kubernetes/rate.ts";
import { requestsOfVerbs } from "./kubernetes/requests.ts";
import { timesOfAdds } from "./kubernetes/times.ts";
import { machine, report } from "./report.ts";

/**
 * The store on Kubernetes' own API, on a real API server, beside the store on etcd in the same run: how long an ADD
 * takes, how many an agent serves, what it asks of the API server and what that needs for an address, and what agents
 * cost each other. Both etcds with fsync.
 *
 * Needs the programs of test/cluster/build.sh. A name of a table measures that one alone; `--short` proves that the
 * program works and nothing else.
 */

const TABLES = {
  "kubernetes-times": timesOfAdds,
  "kubernetes-rate": ratesOfAgents,
  "kubernetes-requests": requestsOfVerbs,
  "kubernetes-contention": atOnceOverAgents,
  "kubernetes-memory": memoryOfAddresses,
  "kubernetes-move": timesOfMoves,
} as const;

const short = process.argv.includes("--short");
const missing = withoutKubernetes();
if (missing !== undefined) throw new Error(`the store on Kubernetes cannot be measured: ${missing}`);
const names = Object.keys(TABLES) as (keyof typeof TABLES)[];
const chosen = names.filter((name) => process.argv.includes(name));
for (const bench of chosen.length > 0 ? chosen : names) {
  const text = `On ${machine()}. ${await TABLES[bench](short)}`;
  report({ bench, text, short });
}
// The etcd of the subjects ends with this process, and keeps it alive until then.
process.exit(0);
