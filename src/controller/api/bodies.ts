import * as v from "valibot";
import type { Interval } from "../../address/interval.ts";
import { tryParseInterval } from "../../address/interval-text.ts";
import type { ReleaseSpec, ReservationSpec } from "../../operator/wire.ts";

/** A request that cannot be read; the message says which part. */
export class BadRequest extends Error {}

const text = v.pipe(v.string(), v.maxLength(253));

const owner = v.object({
  kind: v.pipe(text, v.nonEmpty()),
  namespace: text,
  name: v.pipe(text, v.nonEmpty()),
});

const reservation = v.object({
  address: text,
  space: v.optional(text),
  owner,
  retain: v.union([
    v.picklist(["workload", "delete", "keep"]),
    v.pipe(v.number(), v.integer(), v.minValue(0)),
  ]),
  note: v.optional(v.pipe(v.string(), v.maxLength(200))),
  evenIfHeld: v.optional(v.boolean()),
});

const release = v.object({
  address: text,
  space: v.optional(text),
  force: v.optional(v.boolean()),
  container: v.optional(text),
});

/** @throws BadRequest */
export function readReservation(body: unknown): ReservationSpec {
  return specOf(reservation, body) as ReservationSpec;
}

/** @throws BadRequest */
export function readRelease(body: unknown): ReleaseSpec {
  return specOf(release, body) as ReleaseSpec;
}

/** An address, or first-last. @throws BadRequest */
export function readIntervalOf(address: string): Interval {
  const interval = tryParseInterval(address);
  if (interval !== undefined) return interval;
  throw new BadRequest(`'${address}' is neither an IP address nor a range of addresses`);
}

function specOf<T>(shape: v.GenericSchema<unknown, T>, body: unknown): T {
  const result = v.safeParse(v.object({ spec: shape }), body);
  if (result.success) return result.output.spec as T;
  const [issue] = result.issues;
  throw new BadRequest(`${v.getDotPath(issue) ?? "the body"}: ${issue.message}`);
}
