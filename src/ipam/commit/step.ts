import type { Choice } from "../choose/choose-named.ts";
import type { Allocated } from "../requests.ts";
import type { View } from "../view/view.ts";

/** What one look at the store led an ADD to. */
export type Step =
  | { readonly kind: "allocated"; readonly allocated: Allocated }
  /** Another look, at a view that may be at hand. */
  | { readonly kind: "again"; readonly view?: View }
  /** A holder is about to give its address back. */
  | { readonly kind: "leaving"; readonly view: View; readonly choice: Leaving }
  /** The holder that was waited for is gone; its interface may need a moment more. */
  | { readonly kind: "left" };

export type Leaving = Extract<Choice, { kind: "leaving" }>;

export const AGAIN: Step = { kind: "again" };
