import * as v from "valibot";
import { type Address, tryParseAddress } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { type Cidr, tryParseCidr } from "../../address/cidr.ts";
import { tryParseInterval } from "../../address/interval-text.ts";
import { tryParseDuration } from "../../ipam/duration.ts";
import { isCniName } from "./cni-name.ts";
import { isObject, type Json } from "./json-text.ts";

/** What one value must look like. Every message is a noun phrase that continues "must be". */
export type Shape<T> = v.GenericSchema<unknown, T>;

/**
 * Text that `read` understands.
 *
 * @param expected a noun phrase, or what makes one of the text that was not understood.
 */
export function textThat<T>(
  expected: string | ((text: string) => string),
  read: (text: string) => T | undefined,
): Shape<T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const value = typeof dataset.value === "string" ? read(dataset.value) : undefined;
      if (value !== undefined) return value;
      addIssue({ message: typeof expected === "string" ? expected : expected(String(dataset.value)) });
      return NEVER;
    }),
  );
}

export function integerBetween(least: number, most: number): Shape<number> {
  const expected = `an integer from ${least} to ${most}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
}

export function oneOf<const T extends string>(options: readonly T[]): Shape<T> {
  const expected = options.map((option) => `"${option}"`).join(" or ");
  return textThat(expected, (text) => options.find((option) => option === text));
}

export function listOf<T>(shape: Shape<T>, what: string): v.ArraySchema<Shape<T>, string> {
  return v.array(shape, `a list of ${what}`);
}

/** {…} with any of the entries; what else it holds is left out (and warned about elsewhere). */
export function sectionOf<E extends v.ObjectEntries>(entries: E) {
  return v.pipe(v.custom<Json>(isObject, "an object {…}"), v.object(entries));
}

export const text: Shape<string> = textThat("a string", (value) => value);

export const secret: Shape<string> = textThat("a non-empty string", (value) => value || undefined);

export const flag: Shape<boolean> = v.boolean("true or false");

export const name: Shape<string> = textThat(
  `a name of letters, digits, '_', '.' and '-' that begins with a letter or digit and has at most ${CAPS.name} of them`,
  (value) => (isCniName(value) ? value : undefined),
);

/** A plugin's working folder is not defined, so relative paths are refused. */
export const path: Shape<string> = textThat(
  ({ length }) => `an absolute path${length > CAPS.path ? ` of at most ${CAPS.path} characters` : ""}`,
  (value) =>
    value.startsWith("/") && !value.includes("\0") && value.length <= CAPS.path ? value : undefined,
);

export const address: Shape<Address> = textThat("an IP address without leading zeros", tryParseAddress);

export const cidr: Shape<Cidr> = textThat(
  'a CIDR such as "10.1.2.0/24" or "2001:db8::/64", without leading zeros',
  tryParseCidr,
);

export const interval = textThat(
  'an address, a CIDR ("10.1.2.8/29") or a range ("10.1.2.10-10.1.2.20")',
  tryParseInterval,
);

/** Milliseconds, from a number of seconds or a text such as "500ms" or "2s". */
export const duration: Shape<number> = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const milliseconds = millisecondsOf(dataset.value);
    if (milliseconds !== undefined && milliseconds >= 100 && milliseconds <= 30_000) return milliseconds;
    addIssue({ message: 'a duration from 100ms to 30s, such as "500ms", "2s" or a number of seconds' });
    return NEVER;
  }),
);

function millisecondsOf(value: unknown): number | undefined {
  if (typeof value === "number") return Math.round(value * 1000);
  const milliseconds =
    typeof value === "string" ? tryParseDuration(value, { units: ["ms", "s"], fractions: true }) : undefined;
  return milliseconds === undefined ? undefined : Math.round(milliseconds);
}
