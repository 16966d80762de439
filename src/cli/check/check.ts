import { EXIT_CODES } from "../../command-line/failure.ts";
import { type Column, type Format, printItems, printThing } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import { lasting } from "../../ipam/audit/audit.ts";
import type { Audit, AuditFinding } from "../../ipam/audit/types.ts";
import type { Session } from "../session/open.ts";
import { tellUnfinished, watchUnfinished } from "./unfinished.ts";
import { callWitnesses, look, type Witnesses, type WitnessOptions } from "./witnesses.ts";

export interface CheckOptions extends WitnessOptions {
  readonly output: Format;
  /** Seconds; what looks wrong for less is not reported. */
  readonly settle: number;
}

const AGAIN_MS = 1_000;

const COLUMNS: readonly Column<AuditFinding>[] = [
  { title: "KIND", of: ({ kind }) => kind },
  { title: "ADDRESS", of: ({ address }) => address },
  { title: "SPACE", of: ({ space }) => space, wide: true },
  { title: "REASON", of: ({ reason }) => reason, wide: true },
  { title: "FOUND", of: ({ what, remedy }) => `${what}. Do: ${remedy}` },
];

/**
 * `check`: compares the store with pods, nodes and network namespaces, and prints what is wrong. Reports
 * only what every look finds until `settle` is over: a DEL under way or a starting pod passes by itself.
 *
 * @returns exit code 1 when something is wrong.
 */
export async function check(given: CheckOptions, session: Session): Promise<number> {
  const witnesses = await callWitnesses(given, session);
  const unfinished = await watchUnfinished(session);
  const { findings, last } = await lookUntilSettled(given, witnesses, session);
  await print(given.output, { findings, last, unfinished: await unfinished() }, witnesses);
  return findings.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
}

/** Ends at the first look that leaves no finding; looks at least twice where there is one. */
async function lookUntilSettled(
  { settle }: CheckOptions,
  witnesses: Witnesses,
  session: Session,
): Promise<{ findings: readonly AuditFinding[]; last: Audit }> {
  const end = performance.now() + settle * 1000;
  let last = await look(witnesses, session);
  let { findings } = last;
  for (let again = true; again && findings.length > 0; again = performance.now() < end) {
    await Bun.sleep(Math.max(0, Math.min(AGAIN_MS, end - performance.now())));
    last = await look(witnesses, session);
    findings = lasting(findings, last.findings);
  }
  return { findings, last };
}

interface Found {
  readonly findings: readonly AuditFinding[];
  readonly last: Audit;
  /** Transactions whose process died. */
  readonly unfinished: readonly string[];
}

async function print(
  format: Format,
  { findings, last: { judged, strangersHere, unjudged }, unfinished }: Found,
  { access, here }: Witnesses,
): Promise<void> {
  const kubernetes = access?.source ?? null;
  const node = here?.name ?? null;
  if (format === "json" || format === "yaml") {
    const plain = findings.map(({ id: _, ...finding }) => finding);
    const data = { findings: plain, judged, unjudged, unfinished, witnesses: { kubernetes, node } };
    await printThing(data, [], format);
  } else await printItems(findings, COLUMNS, format);
  printErr(summary(findings, judged));
  tellUnfinished(unfinished);
  if (kubernetes === null)
    printErr(
      "note: Kubernetes was not asked (no kubeconfig): check cannot see gone pods and unknown addresses; name one with --kubeconfig",
    );
  if (strangersHere !== undefined)
    printErr(
      `note: all that the store holds for node ${node} belongs to another cluster (${strangersHere.join(", ")}): if no ` +
        "other cluster has a node of this name, this one is called otherwise by now; see docs/install.md",
    );
  if (unjudged > 0) printErr(`note: check cannot tell from here whether ${unjudged} holders live`);
}

function summary(findings: readonly AuditFinding[], { allocations, pods }: Audit["judged"]): string {
  const counts = Map.groupBy(findings, ({ kind }) => kind);
  const found = [...counts].map(([kind, of]) => `${of.length} ${named(kind, of.length)}`).join(", ");
  return `${allocations} allocations, ${pods} pods: ${found || "nothing is wrong"}`;
}

/** "2 leaks", but "2 damaged": some kinds are no nouns. */
function named(kind: AuditFinding["kind"], count: number): string {
  return count > 1 && (kind === "leak" || kind === "duplicate") ? `${kind}s` : kind;
}
