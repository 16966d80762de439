import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { decisionObject } from "../objects/names.ts";
import type { Session } from "./session.ts";
import { isUnknown } from "./write.ts";

/** The credentials may read, and may not end a transaction that nobody has decided. */
export class MayNotAbort extends StoreFailure {}

/** Ends a transaction that nobody has decided for long. It may still be committed before. @throws StoreFailure, MayNotAbort */
export async function abort(session: Session, transaction: string, options: CallOptions): Promise<void> {
  const decision = await session.objects.get(decisionObject(transaction), options);
  if (decision === undefined || decision.verdict === "committed") return;
  await session.objects.remove(decision, options).catch((failure) => {
    if (failure instanceof StoreFailure && failure.kind === "refused")
      throw new MayNotAbort("refused", failure.message, failure.remedy, { cause: failure });
    // The next look tells.
    if (!isUnknown(failure)) throw failure;
  });
}
