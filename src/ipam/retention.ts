import { tryParseDuration } from "./duration.ts";
import type { Retention } from "./records.ts";

/** Reads a retention as people write it: a word, or a time such as "30m" or "1d12h". Undefined for other text. */
export function tryParseRetention(text: string): Retention | undefined {
  if (text === "workload" || text === "delete" || text === "keep") return text;
  const milliseconds = tryParseDuration(text, { units: ["d", "h", "m", "s"] });
  return milliseconds === undefined ? undefined : milliseconds / 1_000;
}
