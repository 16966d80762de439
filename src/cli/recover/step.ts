import type { CallOptions } from "../../ipam/store-port.ts";

const STEP_MS = 15_000;

/** The deadline of one step, whatever the person waits for in all. */
export function step(): CallOptions {
  return { deadline: performance.now() + STEP_MS };
}
