import type { CallOptions } from "../../../ipam/store-port.ts";
import { decisionObject } from "../objects/names.ts";
import type { Session } from "./session.ts";
import { isUnknown } from "./write.ts";

/** Ends a transaction that nobody has decided for long. It may still be committed before. @throws StoreFailure */
export async function abort(session: Session, transaction: string, options: CallOptions): Promise<void> {
  const decision = await session.objects.get(decisionObject(transaction), options);
  if (decision === undefined || decision.verdict === "committed") return;
  await session.objects.remove(decision, options).catch((failure) => {
    // The next look tells.
    if (!isUnknown(failure)) throw failure;
  });
}
