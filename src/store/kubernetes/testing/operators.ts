import { formatAddress } from "../../../address/address.ts";
import type { Ref } from "../../../ipam/records.ts";
import { refTo } from "../../../ipam/ref-to.ts";
import { refText } from "../objects/ref-text.ts";
import type { Actor } from "./actor.ts";
import { Draft, META, OWNERS, put, RANGES, SPACE, V4, V6 } from "./cast.ts";

export async function reserveRange(actor: Actor): Promise<void> {
  const shown = await actor.read([RANGES]);
  const is = (shown.get(refText(RANGES))?.record?.ranges ?? []).length > 0;
  const draft = new Draft().guard(RANGES, shown.get(refText(RANGES))?.revision ?? 0);
  const stamp = actor.stamp();
  const range = {
    first: "10.1.2.2",
    last: "10.1.2.4",
    reservation: { owner: { kind: "Note", namespace: "", name: "x" } },
  };
  if (is && actor.world.random() < 0.3) draft.deletes.push(RANGES);
  else draft.puts.push(put(RANGES, stamp, { ranges: is ? [] : [range] }));
  if ((await actor.commit("reserve a range", stamp, draft, shown)) !== "won") return;
  await look(actor);
}

export async function recover(actor: Actor): Promise<void> {
  const shown = await actor.read([META]);
  const meta = shown.get(refText(META));
  const draft = new Draft().guard(META, meta?.revision ?? 0);
  const stamp = actor.stamp();
  const state = meta?.record?.state === "ready" ? "recovering" : "ready";
  draft.puts.push(put(META, stamp, { state }));
  if ((await actor.commit("recover", stamp, draft, shown)) === "won") await look(actor);
}

/** An operator's reservation: one object, where nobody holds it. */
export async function reserve(actor: Actor): Promise<void> {
  const address = actor.pick(V4);
  const [allocation, reservation] = [refTo.allocation(SPACE, address), refTo.reservation(SPACE, address)];
  const shown = await actor.read([allocation, reservation, RANGES]);
  const of = (ref: Ref) => shown.get(refText(ref))?.revision ?? 0;
  const draft = new Draft().guard(allocation, of(allocation)).guard(reservation, of(reservation));
  const stamp = actor.stamp();
  if (of(reservation) > 0 && actor.world.random() < 0.5) draft.deletes.push(reservation);
  else draft.puts.push(put(reservation, stamp));
  if (actor.world.random() < 0.5) draft.guard(RANGES, of(RANGES));
  await actor.commit(`reserve ${formatAddress(address)}`, stamp, draft, shown);
}

/** Five objects, in any order, and what each was read as. */
export async function cross(actor: Actor): Promise<void> {
  const refs = [...OWNERS].sort(() => actor.world.random() - 0.5);
  const shown = await actor.read(refs);
  const draft = new Draft();
  const stamp = actor.stamp();
  for (const [n, ref] of refs.entries()) {
    draft.guard(ref, shown.get(refText(ref))?.revision ?? 0);
    // One is looked at only: two that cross so must not both win.
    if (n > 0 || actor.world.random() < 0.5) draft.puts.push(put(ref, stamp));
  }
  await actor.commit("cross", stamp, draft, shown);
}

/** Who has changed what others guard looks at what they have by now. */
async function look(actor: Actor): Promise<void> {
  await actor.read([...V4, ...V6].map((address) => refTo.allocation(SPACE, address)));
}
