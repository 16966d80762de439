import * as v from "valibot";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import type { Interval } from "../../address/interval.ts";
import { tryParseInterval } from "../../address/interval-text.ts";
import { name as nameShape } from "../../config/text/shapes.ts";
import { noteFault, ownerFault } from "../../operator/owner-fault.ts";
import { API_VERSION, type ReleaseSpec, type ReservationSpec } from "../../operator/wire.ts";
import { BadRequest } from "./bad-request.ts";
import { unknownFields } from "./unknown-fields.ts";

/** What was read of a body, and the fields that it has besides. */
export interface ReadBody<T> {
  readonly metadata: unknown;
  readonly spec: T;
  readonly unknown: readonly string[];
}

const text = v.pipe(v.string(), v.maxLength(CAPS.name));

const owner = v.object({
  kind: v.string(),
  namespace: v.string(),
  name: v.string(),
});

const reservation = v.object({
  address: text,
  space: v.optional(nameShape),
  owner,
  retain: v.union([
    v.picklist(["workload", "delete", "keep"]),
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER)),
  ]),
  note: v.optional(v.string()),
  evenIfHeld: v.optional(v.boolean()),
});

const release = v.object({
  address: text,
  space: v.optional(nameShape),
  force: v.optional(v.boolean()),
  container: v.optional(v.pipe(v.string(), v.maxLength(CAPS.containerId))),
});

/** @throws BadRequest */
export function readReservation(body: unknown): ReadBody<ReservationSpec> {
  const read = bodyOf(reservation, "Reservation", body) as ReadBody<ReservationSpec>;
  const { note, owner: named } = read.spec;
  const fault = ownerFault(named);
  if (fault !== undefined) throw new BadRequest(`spec.owner: ${fault}`);
  const wrong = note === undefined ? undefined : noteFault(note);
  if (wrong !== undefined) throw new BadRequest(`spec.note: ${wrong}`);
  return read;
}

/** @throws BadRequest */
export function readRelease(body: unknown): ReadBody<ReleaseSpec> {
  return bodyOf(release, "Release", body) as ReadBody<ReleaseSpec>;
}

/** An address, or first-last. @throws BadRequest */
export function readIntervalOf(address: string): Interval {
  const interval = tryParseInterval(address);
  if (interval !== undefined) return interval;
  throw new BadRequest(
    `'${cut(address, CAPS.shownValue)}' is neither an IP address nor a range of addresses`,
  );
}

/** The address space that a query names, if it does. @throws BadRequest */
export function readSpace(space: string | undefined): string | undefined {
  const result = v.safeParse(v.optional(nameShape), space);
  if (result.success) return result.output;
  throw new BadRequest(`space: expected ${result.issues[0].message}`);
}

/** Fields that our shape lacks are told, as Kubernetes tells of them. */
function bodyOf<T>(spec: v.GenericSchema<unknown, T>, kind: string, body: unknown): ReadBody<T> {
  const shape = v.object({
    apiVersion: v.optional(v.literal(API_VERSION)),
    kind: v.optional(v.literal(kind)),
    metadata: v.optional(v.unknown()),
    status: v.optional(v.unknown()),
    spec,
  });
  const result = v.safeParse(shape, body, { abortEarly: true, abortPipeEarly: true });
  if (result.success) {
    const { metadata, spec: read } = result.output;
    return { metadata, spec: read as T, unknown: unknownFields(shape, body) };
  }
  const [issue] = result.issues;
  throw new BadRequest(`${v.getDotPath(issue) ?? "the body"}: ${cut(issue.message, CAPS.shownValue)}`);
}
