import type { Address } from "../address/address.ts";
import { mayFree } from "./collect.ts";
import { free } from "./free.ts";
import type { Ports } from "./ports.ts";
import type { Holder } from "./records.ts";
import type { CallOptions } from "./store-port.ts";

export interface OperatorRelease {
  readonly freed: readonly Holder[];
  /** Holders that nothing proves to be gone; freed only by force. */
  readonly kept: readonly Holder[];
}

/**
 * Frees an address at an operator's word. Without `force` only holders whose namespace is known to
 * be gone, or whose DEL is kept on this node (EVIDENCE); with it every holder: the operator answers
 * for it that nobody uses the address any more. The whole attachment is freed, as by its DEL.
 */
export async function releaseAddress(
  space: string,
  address: Address,
  force: boolean,
  ports: Ports,
  options: CallOptions,
): Promise<OperatorRelease> {
  const ref = { kind: "allocation", space, address } as const;
  const holders = (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record.holders ?? [];
  const freed: Holder[] = [];
  const kept: Holder[] = [];
  for (const holder of holders) {
    if (!force && !isGone(holder, ports)) kept.push(holder);
    else {
      await freeHolder(holder, ref, ports, options);
      freed.push(holder);
    }
  }
  return { freed, kept };
}

function isGone(holder: Holder, ports: Ports): boolean {
  if (holder.node !== ports.node.name) return false;
  return (
    mayFree(holder, ports) || ports.node.keptReleases.of(holder.attachment)?.requestId === holder.requestId
  );
}

async function freeHolder(
  holder: Holder,
  ref: { kind: "allocation"; space: string; address: Address },
  ports: Ports,
  options: CallOptions,
): Promise<void> {
  const target = { node: holder.node, id: holder.attachment, requestId: holder.requestId };
  if ((await free(target, 0, ports, options)) !== undefined) return;
  // An allocation without an index entry is not reached by any DEL; its own revision guards it.
  const left = (await ports.store.read({ refs: [ref] }, options)).get(ref);
  if (left === undefined || !left.record.holders.some(({ requestId }) => requestId === holder.requestId))
    return;
  const holders = left.record.holders.filter(({ requestId }) => requestId !== holder.requestId);
  await ports.store.commit(
    {
      guards: [{ ref, revision: left.revision }],
      puts: holders.length > 0 ? [{ ref, record: { ...left.record, holders } }] : [],
      deletes: holders.length > 0 ? [] : [ref],
    },
    options,
  );
}
