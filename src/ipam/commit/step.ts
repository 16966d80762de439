import type { Choice } from "../choose/choose-named.ts";
import type { Allocated } from "../requests.ts";
import type { View } from "../view/view.ts";

/** The result of one try of an ADD. */
export type Step =
  | { readonly kind: "allocated"; readonly allocated: Allocated }
  /** Try again, with this view or with a new one. */
  | { readonly kind: "again"; readonly view?: View }
  /** A holder's DEL is due: wait for it. */
  | { readonly kind: "leaving"; readonly view: View; readonly choice: Leaving }
  /** The holder that the ADD waited for is gone; its interface may need a moment more. */
  | { readonly kind: "left" };

/** The choice of an address whose holder's DEL is due. */
export type Leaving = Extract<Choice, { kind: "leaving" }>;

/** Try again with a new view. */
export const AGAIN: Step = { kind: "again" };
