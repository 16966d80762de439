import type { CallOptions } from "../../ipam/store-port.ts";

const STEP_MS = 15_000;

/** The deadline of one step: 15 s from now, however long the whole recovery may take. */
export function step(): CallOptions {
  return { deadline: performance.now() + STEP_MS };
}
