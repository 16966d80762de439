import type { Contest } from "../choose/contend.ts";
import type { Allocated } from "../requests.ts";
import type { Picture } from "../view/picture.ts";

/** What one look at the store led an ADD to. */
export type Round =
  | { readonly kind: "allocated"; readonly allocated: Allocated }
  /** Another look, at a picture that may be at hand. */
  | { readonly kind: "again"; readonly picture?: Picture }
  /** A holder is about to give its address back. */
  | { readonly kind: "leaving"; readonly picture: Picture; readonly contest: Leaving }
  /** The holder that was waited for is gone; its interface may need a moment more. */
  | { readonly kind: "left" };

export type Leaving = Extract<Contest, { kind: "leaving" }>;

export const AGAIN: Round = { kind: "again" };
