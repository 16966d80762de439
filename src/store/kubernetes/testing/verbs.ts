import type { Actor } from "./actor.ts";
import { OWNERS, V4, V6 } from "./cast.ts";
import { cross, recover, reserve, reserveRange } from "./operators.ts";
import { add, del, takeOver } from "./pods.ts";

type Does = (actor: Actor) => Promise<void>;

/** What the core does, in transactions of the same shapes. */
export const VERBS = {
  add: (actor) => add(actor, [actor.pick(V4)]),
  foresee: (actor) => add(actor, [actor.pick(V4)], { isForeseen: true }),
  "add both": (actor) => add(actor, [actor.pick(V4), actor.pick(V6)]),
  "add fixed": (actor) => add(actor, [actor.pick(V4)], { owner: actor.pick(OWNERS) }),
  "take over": takeOver,
  del,
  "reserve a range": reserveRange,
  recover,
  reserve,
  cross,
} satisfies Record<string, Does>;

type Verb = keyof typeof VERBS;

/** Verbs that meet each other. */
export const STORIES: readonly (readonly Verb[])[] = [
  ["add", "foresee", "recover"],
  ["add", "reserve a range", "del"],
  ["add", "del", "reserve"],
  ["add both", "del", "take over"],
  ["add", "add both", "recover"],
  ["add fixed", "del", "take over", "reserve"],
  ["cross"],
  Object.keys(VERBS) as Verb[],
];
