import { formatAddress, parseAddress } from "../../../address/address.ts";
import type { AttachmentRecord, Ref, RefOf } from "../../../ipam/records.ts";
import { refTo } from "../../../ipam/ref-to.ts";
import { refText } from "../objects/ref-text.ts";
import type { Actor, Shown } from "./actor.ts";
import { attachmentOf, Draft, META, put, putHeld, RANGES, SPACE, V4, V6 } from "./cast.ts";

const TRIES = 5;

export async function add(
  actor: Actor,
  addresses: readonly (typeof V4)[number][],
  { isForeseen = false, owner }: { readonly isForeseen?: boolean; readonly owner?: RefOf<"owner"> } = {},
): Promise<void> {
  const container = actor.newContainer();
  const attachment = attachmentOf(actor.machine.name, container);
  for (let n = 0; n < TRIES; n++) {
    const around = addresses.flatMap((address) => [
      refTo.allocation(SPACE, address),
      refTo.reservation(SPACE, address),
      refTo.cooling(SPACE, address),
    ]);
    const refs = [META, RANGES, attachment, ...around, ...(owner ? [owner] : [])];
    const shown = isForeseen && n === 0 ? actor.remembered(refs) : await actor.read(refs);
    const of = (ref: Ref) => shown.get(refText(ref)) ?? { revision: 0 };
    const isAgain = of(attachment).revision > 0;
    if (!isAgain && actor.machine.journal.has(container)) {
      await actor.forestall(container);
      continue;
    }
    if (!isAgain && around.some((ref) => ref.kind === "allocation" && of(ref).revision > 0)) return;
    const draft = new Draft();
    const stamp = actor.stamp();
    for (const ref of refs) {
      draft.guard(ref, of(ref).revision);
      if (ref.kind === "cooling" && of(ref).revision > 0) draft.deletes.push(ref);
    }
    if (of(META).revision === 0) draft.puts.push(put(META, stamp));
    draft.puts.push(...putHeld(actor.machine.name, container, addresses, stamp));
    if (owner)
      draft.puts.push(
        put(owner, stamp),
        ...addresses.map((address) => put(refTo.reservation(SPACE, address), stamp)),
      );
    actor.machine.journal.set(container, addresses);
    const told = await actor.commit(`add ${addresses.map(formatAddress)}`, stamp, draft, shown);
    if (told === "lost" || told === "failed") actor.machine.journal.delete(container);
    if (told === "won") return hold(actor, container, addresses);
    if (told === "failed") break;
  }
  giveUp(actor, container);
}

/** Takes an address whose holder is gone; the holder loses its other addresses too. */
export async function takeOver(actor: Actor): Promise<void> {
  const address = actor.pick([...V4, ...V6]);
  const container = actor.newContainer();
  const attachment = attachmentOf(actor.machine.name, container);
  const wanted = refTo.allocation(SPACE, address);
  const cooling = refTo.cooling(SPACE, address);
  const shown = await actor.read([META, RANGES, attachment, wanted, cooling]);
  const holder = (shown.get(refText(wanted))?.record as { holders?: AttachmentRecord["holder"][] })
    ?.holders?.[0];
  if (holder === undefined || !actor.living.gone.has(holder.attachment.container)) return;
  const old = refTo.attachment(holder.node, holder.attachment);
  for (const [text, each] of await actor.read([old])) shown.set(text, each);
  const entry = shown.get(refText(old))?.record;
  if (entry === undefined) return;
  const others = (entry.addresses ?? [])
    .filter((text) => text !== formatAddress(address))
    .map((text) => refTo.allocation(SPACE, parseAddress(text)));
  for (const [text, each] of await actor.read(others)) shown.set(text, each);
  const draft = new Draft();
  const stamp = actor.stamp();
  for (const ref of [META, RANGES, attachment, wanted, cooling, old])
    draft.guard(ref, shown.get(refText(ref))?.revision ?? 0);
  free(draft, old, others, shown, entry.stamp, stamp);
  draft.puts.push(...putHeld(actor.machine.name, container, [address], stamp));
  actor.machine.journal.set(container, [address]);
  const told = await actor.commit(`take over ${formatAddress(address)}`, stamp, draft, shown);
  if (told === "lost" || told === "failed") actor.machine.journal.delete(container);
  if (told === "won") hold(actor, container, [address]);
  else giveUp(actor, container);
}

export async function del(actor: Actor): Promise<void> {
  const container = actor.held.splice(Math.floor(actor.world.random() * actor.held.length), 1)[0];
  if (container === undefined) return;
  actor.living.end(container);
  const attachment = attachmentOf(actor.machine.name, container);
  for (let n = 0; n < TRIES; n++) {
    const shown = await actor.read([META, attachment]);
    const entry = shown.get(refText(attachment));
    if (entry?.record === undefined) {
      if (!actor.machine.journal.has(container)) return actor.ended(container);
      await actor.forestall(container);
      continue;
    }
    const allocations = (entry.record.addresses ?? []).map((text) =>
      refTo.allocation(SPACE, parseAddress(text)),
    );
    for (const [text, each] of await actor.read(allocations)) shown.set(text, each);
    const draft = new Draft().guard(attachment, entry.revision);
    const stamp = actor.stamp();
    free(draft, attachment, allocations, shown, entry.record.stamp, stamp);
    const told = await actor.commit(`del ${container}`, stamp, draft, shown);
    if (told === "won") return actor.ended(container);
    if (told === "failed") return;
  }
}

/** Its sandbox ends; what it may have all the same, a DEL frees, or who wants it. */
function giveUp(actor: Actor, container: string): void {
  actor.held.push(container);
  actor.living.gone.add(container);
}

function hold(actor: Actor, container: string, addresses: readonly (typeof V4)[number][]): void {
  actor.held.push(container);
  actor.living.begin(container, addresses.map(formatAddress));
}

function free(
  draft: Draft,
  attachment: Ref,
  allocations: readonly RefOf<"allocation">[],
  shown: ReadonlyMap<string, Shown>,
  of: string,
  stamp: string,
): void {
  draft.deletes.push(attachment);
  for (const ref of allocations) {
    const allocation = shown.get(refText(ref));
    if (allocation?.record?.stamp !== of) continue;
    draft.guard(ref, allocation.revision).deletes.push(ref);
    draft.puts.push({ ...put(refTo.cooling(SPACE, ref.address), stamp), seconds: 60 });
  }
}
