import { EXIT_CODES } from "../../command-line/failure.ts";
import { type Format, printThing } from "../../command-line/output.ts";
import type { NodeRecoveryRecord } from "../../ipam/records.ts";
import { answerHere } from "../../runtime/answer-here.ts";
import type { Session } from "../session/open.ts";
import { step } from "./step.ts";

/** `recover --this-node`: answers for this node, as its agent does. Prints nothing without `given`. Returns the exit code. */
export async function answerForThisNode(
  given: { readonly output: Format } | undefined,
  { settings, ports }: Session,
): Promise<number> {
  const configuration = {
    node: settings.node,
    store: settings.store,
    kubernetes: { annotations: "off", capabilityDeclared: false },
  } as const;
  const answer = await answerHere(configuration, ports, async () => new Set(), step().deadline);
  if (given === undefined) return EXIT_CODES.done;
  await printThing(
    { node: ports.node.name, answer: answer ?? null },
    lines(ports.node.name, answer),
    given.output,
  );
  return answer !== undefined && answer.conflicts.length > 0 ? EXIT_CODES.failed : EXIT_CODES.done;
}

function lines(node: string, answer: NodeRecoveryRecord | undefined): [string, string][] {
  if (answer === undefined) return [["Node", `${node}: the store waits for no answer of this node`]];
  return [
    ["Node", node],
    ["Living attachments", String(answer.attachments)],
    ["Written", String(answer.written)],
    ...answer.conflicts.map(({ address, heldBy }): [string, string] => [
      "Conflict",
      `${address} is held by ${heldBy}`,
    ]),
  ];
}
