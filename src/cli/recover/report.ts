import { EXIT_CODES } from "../../command-line/failure.ts";
import { type Format, printThing } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import { describeHolder } from "../../ipam/in-words.ts";
import { type Answers, conflictsOf } from "../../ipam/recovery/answers.ts";
import { waysOut } from "../../ipam/reserve/blocks.ts";
import type { CrossCheck } from "./cross-check.ts";
import { listed } from "./wait.ts";

/** What a recovery found and did. */
export interface Recovered {
  readonly recovery: string;
  readonly answers: Answers;
  readonly checked: CrossCheck;
  readonly forgotten: readonly string[];
}

/** So many lines of one kind are printed, then the number of the others. */
const SHOWN = 50;

/** Prints what was found and written, and what is left to do. Returns exit code 1 where something is left. */
export async function report(recovered: Recovered, format: Format): Promise<number> {
  const { answers, checked, forgotten, recovery } = recovered;
  const { silent, answered } = answers;
  const conflicts = conflictsOf(answers);
  const written = answered.reduce((sum, { record }) => sum + record.written, 0);
  const attachments = answered.reduce((sum, { record }) => sum + record.attachments, 0);
  await printThing(
    {
      recovery,
      state: "ready",
      answered: answered.map(({ record: { node, ...said } }) => ({
        node,
        attachments: said.attachments,
        written: said.written,
      })),
      silent,
      forgotten,
      conflicts,
      onEvidence: checked.onEvidence.map(evidenceOf),
      findings: checked.findings.map(({ id: _, ...finding }) => finding),
    },
    [
      ["Nodes that answered", String(answered.length)],
      ["Living attachments", String(attachments)],
      ["Written", String(written)],
      ["Conflicts", String(conflicts.length)],
      ["Silent nodes", silent.length === 0 ? "none" : listed(silent)],
      ["Held for them on their pods' status", String(checked.onEvidence.length)],
      ["Pods that show something else", checked.asked ? String(checked.findings.length) : "not asked"],
    ],
    format,
  );
  printLeft(recovered, conflicts);
  const settled = silent.length === 0 && conflicts.length === 0 && checked.findings.length === 0;
  return settled ? EXIT_CODES.done : EXIT_CODES.failed;
}

function printLeft(
  { answers: { silent }, checked }: Recovered,
  conflicts: ReturnType<typeof conflictsOf>,
): void {
  printSome(
    conflicts.map(
      ({ address, node, attachment, pod, heldBy }) =>
        `conflict: ${address} is in use by ${describeHolder({ node, attachment, ...(pod && { pod }) })}, ` +
        `and held by ${heldBy}: delete one of them`,
    ),
  );
  printSome(checked.findings.map(({ what, remedy }) => `found: ${what}. Do: ${remedy}`));
  if (!checked.asked)
    printErr("note: Kubernetes was not asked (no kubeconfig): pods were not compared with the store");
  if (silent.length > 0) printErr(`refused until they answer: ${waysOut(silent)}`);
}

function printSome(lines: readonly string[]): void {
  for (const line of lines.slice(0, SHOWN)) printErr(line);
  if (lines.length > SHOWN) printErr(`… and ${lines.length - SHOWN} more`);
}

function evidenceOf({ space, address, pod }: CrossCheck["onEvidence"][number]) {
  return {
    space,
    address,
    node: pod.nodeName,
    pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
  };
}
