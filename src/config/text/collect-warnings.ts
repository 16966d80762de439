import { CAPS } from "../../address/caps.ts";
import type { Warn } from "./read-shape.ts";

/** Collects warnings; what is more than a log should repeat for every pod is counted only. */
export function collectWarnings(): { readonly warn: Warn; readonly collected: () => string[] } {
  const kept: string[] = [];
  let more = 0;
  return {
    warn: (text) => {
      if (kept.length < CAPS.warnings) kept.push(text);
      else more += 1;
    },
    collected: () =>
      more === 0 ? kept : [...kept, `${more} more remarks on this configuration are left out`],
  };
}
