import type { AttachmentRecord } from "../../../ipam/records.ts";
import type { CallOptions, Transaction } from "../../../ipam/store-port.ts";
import { requireOnePutEach } from "../../one-put-each.ts";
import { homeOf } from "../objects/home.ts";
import { commitMany } from "./commit-many.ts";
import { type Committed, commitOne, onlyAdds } from "./commit-one.ts";
import { holdNow } from "./compare.ts";
import type { Session } from "./session.ts";
import { sharesOf } from "./shares.ts";
import { settleUnsettled } from "./unsettled.ts";

/** Commits a transaction, or tells that a guard does not hold. @throws StoreFailure; Error where it puts a record twice. */
export async function commit(
  session: Session,
  transaction: Transaction,
  options: CallOptions,
): Promise<Committed> {
  requireOnePutEach(transaction);
  const { compared, written } = await sharesOf(session, transaction, options);
  await settleUnsettled(
    session,
    [...written, ...compared].map(({ id }) => id),
    options,
  );
  const [first] = written;
  const outcome = await (first === undefined
    ? compareOnly()
    : written.length === 1 && (compared.length === 0 || onlyAdds(first))
      ? commitOne(session, first, compared, options)
      : commitMany(session, written, compared, options)
  ).catch((failure) => {
    forget();
    throw failure;
  });
  if (outcome !== "lost") remember();
  return outcome;

  async function compareOnly(): Promise<Committed> {
    return (await holdNow(session, compared, options))
      ? { revision: 0, before: "unknown", versions: new Map() }
      : "lost";
  }

  /** What is written after all, or later, stands where nobody expects it. */
  function forget(): void {
    for (const ref of [...transaction.deletes, ...transaction.puts.map((put) => put.ref)])
      if (ref.kind === "attachment") session.homes.forget(ref);
  }

  function remember(): void {
    for (const ref of transaction.deletes) if (ref.kind === "attachment") session.homes.set(ref, "absent");
    for (const { record, ref } of transaction.puts)
      if (ref.kind === "attachment") session.homes.set(ref, homeOf(ref, record as AttachmentRecord));
  }
}
