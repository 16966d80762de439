import { EXIT_CODES } from "../../command-line/failure.ts";
import { printThing } from "../../command-line/output.ts";
import { readAnswers } from "../../ipam/recovery/answers.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { blockIn } from "../../ipam/reserve/blocks.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import type { Session } from "../session/open.ts";
import { expectedNodes } from "./expected.ts";
import type { RecoverOptions } from "./options.ts";
import { step } from "./step.ts";
import { listed } from "./wait.ts";

/**
 * `recover --status`: prints the store's state, who noticed that it was thrown back, which nodes have answered the last
 * recovery, and for which addresses are refused.
 */
export async function recoveryStatus(
  given: RecoverOptions,
  access: ClusterAccess | undefined,
  session: Session,
): Promise<number> {
  const { store } = session.ports;
  const meta = (await store.read({ refs: [refTo.meta] }, step())).get(refTo.meta)?.record;
  const { recovery, suspicion, state = "none" } = meta ?? {};
  const { names } = await expectedNodes(given, access, session);
  const answers =
    recovery === undefined ? undefined : await readAnswers(recovery, names, session.ports, step());
  const refusedFor = new Set<string>();
  for await (const { record } of store.list({ kind: "reservedRanges" }, step()))
    for (const range of record.ranges) refusedFor.add(blockIn(range)?.node ?? "");
  refusedFor.delete("");
  const answered = answers?.answered.map(({ record }) => record.node).sort() ?? [];
  const silent = answers?.silent ?? [];
  await printThing(
    {
      state,
      ...(suspicion && { suspicion }),
      recovery: recovery ?? null,
      answered,
      silent,
      refusedFor: [...refusedFor].sort(),
    },
    [
      ["State", state],
      ["Noticed by", suspicion && `node ${suspicion.node} at ${suspicion.since}`],
      ["Because", suspicion?.why],
      ["Recovery", recovery ?? "none yet"],
      ["Answered", listed(answered)],
      ["Silent", listed(silent)],
      ["Refused for", listed([...refusedFor].sort())],
    ],
    given.output,
  );
  return EXIT_CODES.done;
}
