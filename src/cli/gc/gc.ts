import { EXIT_CODES, exitCodeOf, printFailure } from "../../command-line/failure.ts";
import { type Column, type Format, printItems, printThing } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import { startProgress } from "../../command-line/progress.ts";
import { deadElsewhere, deadHere, type Garbage } from "../../ipam/free/garbage.ts";
import { ownerless } from "../../ipam/free/ownerless.ts";
import { describeOwner, podName } from "../../ipam/in-words.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import type { KubernetesOptions } from "../session/cluster-settings.ts";
import { openAccess } from "../session/kubernetes.ts";
import type { Session } from "../session/open.ts";

export interface GcOptions extends KubernetesOptions {
  readonly output: Format;
  readonly dryRun?: boolean;
}

/** What gc did with one piece of garbage. */
interface Outcome extends Omit<Garbage, "free"> {
  readonly result: "would be freed" | "freed" | "was freed already" | "NOT freed";
  readonly failure?: string;
}

const COLUMNS: readonly Column<Outcome>[] = [
  {
    title: "RESULT",
    of: ({ result, failure }) => (failure === undefined ? result : `${result}: ${failure}`),
  },
  { title: "KIND", of: ({ kind }) => kind },
  { title: "ADDRESSES", of: ({ addresses }) => addresses.join(", ") },
  { title: "SPACE", of: ({ space }) => space, wide: true },
  { title: "OF", of: holderOrOwner },
  { title: "NODE", of: ({ holder }) => holder?.node },
  { title: "BECAUSE", of: ({ because }) => because },
];

/**
 * `gc`: frees, on EVIDENCE alone, what this node's dead sandboxes hold and, with Kubernetes, what fenced
 * nodes hold and reservations whose owner is gone. If one of the three fails midway, the others go on,
 * and gc prints what it has found.
 *
 * @returns exit code 1 when something could not be freed or looked at, 4 when the store failed.
 */
export async function collectGarbage(given: GcOptions, session: Session): Promise<number> {
  const access = await openAccess(given, session);
  const outcomes: Outcome[] = [];
  const progress = startProgress(given.dryRun === true ? "looking" : "freeing");
  const failures = new Map<string, unknown>();
  for (const step of stepsOf(access, session)) {
    try {
      for await (const each of step) {
        const outcome = given.dryRun === true ? wouldBeFreed(each) : await free(each);
        if (outcome !== undefined) outcomes.push(outcome);
        progress.at(outcomes.length);
      }
    } catch (failure) {
      // A failure that all steps share is printed once.
      failures.set(messageOf(failure), failure);
    }
  }
  progress.end();
  await print(outcomes, given, access, failures.size > 0);
  for (const failure of failures.values()) printFailure(failure);
  if (failures.size > 0) return Math.max(...[...failures.values()].map(exitCodeOf));
  return outcomes.some(({ result }) => result === "NOT freed") ? EXIT_CODES.failed : EXIT_CODES.done;
}

/** Reservations come first: those of addresses that this run frees wait for the next run, as a dry run says. */
function stepsOf(
  access: ClusterAccess | undefined,
  { ports, settings, options }: Session,
): AsyncGenerator<Garbage>[] {
  // A store that is not shared holds the records of this node only.
  const inCluster = access !== undefined &&
    ports.store.description.shared && { ...ports, cluster: access.cluster, clusterNames: access.names };
  return [
    ...(inCluster ? [ownerless(inCluster, options)] : []),
    deadHere(ports, options),
    ...(inCluster ? [deadElsewhere(inCluster, access.inventory, settings.coolingSeconds, options)] : []),
  ];
}

function wouldBeFreed({ free: _, ...garbage }: Garbage): Outcome | undefined {
  return garbage.addresses.length === 0 ? undefined : { ...garbage, result: "would be freed" };
}

async function free({ free: run, ...garbage }: Garbage): Promise<Outcome | undefined> {
  try {
    const freed = await run();
    if (garbage.addresses.length === 0) return undefined;
    return { ...garbage, result: freed ? "freed" : "was freed already" };
  } catch (failure) {
    return {
      ...garbage,
      result: "NOT freed",
      failure: messageOf(failure),
    };
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

async function print(
  outcomes: readonly Outcome[],
  { dryRun = false, output }: GcOptions,
  access: ClusterAccess | undefined,
  hasFailed: boolean,
): Promise<void> {
  const kubernetes = access?.source ?? null;
  if (output === "json" || output === "yaml")
    await printThing({ dryRun, items: outcomes, kubernetes }, [], output);
  else await printItems(outcomes, COLUMNS, output);
  const count = (result: Outcome["result"]) => outcomes.filter((each) => each.result === result).length;
  if (outcomes.length > 0)
    printErr(
      dryRun
        ? `${outcomes.length} to be freed: nothing was changed`
        : `${count("freed")} freed, ${count("NOT freed")} not`,
    );
  // What failed says so itself.
  else if (!hasFailed) printErr("nothing is to be freed");
  if (kubernetes === null)
    printErr(
      "note: Kubernetes was not asked (no kubeconfig): gc looked only for this node's dead sandboxes; name one with --kubeconfig",
    );
}

function holderOrOwner({ holder, owner }: Outcome): string | undefined {
  if (owner !== undefined) return describeOwner(owner);
  if (holder?.pod !== undefined) return podName(holder.pod);
  return holder?.attachment.container;
}
