import { CAPS } from "../address/caps.ts";

const MILLISECONDS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** Which texts are durations: their units, and whether a part of one ("1.5s") is. */
export interface DurationGrammar {
  readonly units: readonly (keyof typeof MILLISECONDS)[];
  readonly fractions?: boolean;
}

/**
 * Reads "90s", "1d12h" or "500ms": whole numbers with a unit, one after another, which add up.
 *
 * @returns milliseconds; undefined for any other text.
 */
export function tryParseDuration(text: string, grammar: DurationGrammar): number | undefined {
  if (text.length > CAPS.duration || !DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, digits = "", fraction = "", name] of text.matchAll(PART)) {
    const unit = grammar.units.find((candidate) => candidate === name);
    if (unit === undefined || (fraction !== "" && grammar.fractions !== true)) return undefined;
    sum += Number(digits + fraction) * MILLISECONDS[unit];
  }
  return sum;
}

const PART = /([0-9]{1,9})(\.[0-9]{1,9})?(ms|[dhms])/g;
const DURATION = new RegExp(`^(?:${PART.source})+$`);
