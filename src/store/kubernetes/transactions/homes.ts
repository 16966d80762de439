import { BoundedMap } from "../../../ipam/bounded-map.ts";
import type { RefOf } from "../../../ipam/records.ts";
import type { ObjectId } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";

type AttachmentRef = RefOf<"attachment">;

/** Where attachments were seen last. */
export class Homes {
  readonly #homes = new BoundedMap<string, ObjectId | "absent" | "unsure">(MOST);
  readonly #listed = new Set<string>();
  #isAllListed = false;

  get(ref: AttachmentRef): ObjectId | "absent" | undefined {
    const home = this.#homes.get(refText(ref));
    return home === "unsure" ? undefined : home;
  }

  set(ref: AttachmentRef, home: ObjectId | "absent"): void {
    this.#homes.set(refText(ref), home);
  }

  /** It has to be looked for: a write of which nobody knows whether it happened may have made, moved or removed it. */
  forget(ref: AttachmentRef): void {
    this.#homes.set(refText(ref), "unsure");
  }

  /** All attachments of this node have been listed. */
  listed(node: string): void {
    if (this.#listed.size < MOST) this.#listed.add(node);
  }

  /** All attachments have been listed by one who alone writes them. */
  allListed(): void {
    this.#isAllListed = true;
  }

  /**
   * Whether an ADD may take it for absent without a look at all objects. Only a node itself makes records of its
   * attachments, one at a time under a lock, and what it made stands in its journal; or one who writes alone.
   */
  isNew(ref: AttachmentRef): boolean {
    const home = this.#homes.get(refText(ref));
    return home === "absent" || (home === undefined && (this.#isAllListed || this.#listed.has(ref.node)));
  }
}

const MOST = 4_096;
