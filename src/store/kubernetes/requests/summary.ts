import * as v from "valibot";
import { formatAddress } from "../../../address/address.ts";
import type { AttachmentRecord, Holder, MetaRecord, RecordKind, RecordTypes } from "../../../ipam/records.ts";
import type { Content, Part } from "../objects/content.ts";
import { hashOf } from "../objects/hash.ts";
import { homeOf, objectOf } from "../objects/home.ts";
import { addressIn, type ObjectId } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";

const text = v.string();
const absent = v.optional(text);

/** What of an object's content its policies judge (deploy/rbac/store.yaml). */
export const judged = v.object({
  holders: v.optional(v.array(v.object({ node: text, pod: absent, attachment: absent, digest: absent })), []),
  attachments: v.optional(v.array(v.object({ node: text, digest: absent })), []),
  reservedFor: absent,
  reservedBy: absent,
  ranges: v.optional(v.object({ count: v.number(), digest: text })),
  identity: v.optional(
    v.object({ uuid: text, state: text, epoch: v.optional(v.number()), recovery: absent }),
  ),
});

/** The summary that policies judge, as an object tells it. */
export type Judged = v.InferOutput<typeof judged>;

/**
 * The summary that policies judge of the content: whose the records are, and a digest of what belongs to a node alone,
 * so that no other node changes a word of that.
 */
export function judgedOf({ resource }: ObjectId, content: Content): Judged {
  const parts = [...content.values()];
  if (resource === "storerecords") {
    const meta = recordOf(parts, "meta");
    const reserved = recordOf(parts, "reservedRanges");
    return {
      holders: [],
      attachments: [],
      ...(meta && { identity: identityOf(meta) }),
      ...(reserved && { ranges: { count: listOf(reserved.ranges).length, digest: digestOf(reserved) } }),
    };
  }
  const reservation = recordOf(parts, "reservation");
  return {
    holders: listOf(recordOf(parts, "allocation")?.holders).map(holderOf),
    attachments: parts.flatMap(({ damage, record, ref }) =>
      ref.kind === "attachment" && damage === undefined
        ? [
            {
              node: ref.node,
              digest: digestOf({ ...(record as AttachmentRecord), endsReservations: undefined }),
            },
          ]
        : [],
    ),
    ...(reservation && {
      reservedFor: `${reservation.owner.kind} ${reservation.owner.namespace}/${reservation.owner.name}`.slice(
        0,
        MOST_OF_OWNER,
      ),
      reservedBy: reservation.kind,
    }),
  };
}

/** What people read of an address, beside what policies judge. */
export function shownOf({ name }: ObjectId, content: Content): { address?: string; state: string } {
  const kinds = Array.from(content.values(), ({ ref }) => ref.kind);
  const address = addressIn(name);
  return {
    ...(address && { address: formatAddress(address) }),
    state: STATES.find(([kind]) => kinds.includes(kind))?.[1] ?? "Free",
  };
}

/**
 * Why an object's content is not to be believed: policies have let the object pass for its summary, so content that is
 * not what that says, or belongs to another object, was written by somebody who was not to. Undefined where they agree.
 */
export function contradiction(
  id: ObjectId,
  told: Judged & { readonly ref?: string | undefined },
  content: Content,
): string | undefined {
  const stranger = [...content.values()].find((part) => !belongsTo(id, part));
  if (stranger !== undefined) return `it has the record ${refText(stranger.ref)} of another object`;
  const [first] = content.keys();
  if (id.resource === "storerecords" && first !== undefined && first !== told.ref)
    return "spec.ref does not say which record it has";
  const says = judgedOf(id, content);
  const field = FIELDS.find((each) => !Bun.deepEquals(told[each], says[each]));
  return field && `spec.${field} does not say what its records say`;
}

const FIELDS = ["holders", "attachments", "reservedFor", "reservedBy", "ranges", "identity"] as const;
const MOST_OF_OWNER = 253;
const STATES = [
  ["allocation", "Held"],
  ["reservation", "Reserved"],
  ["cooling", "Cooling"],
] as const;

function belongsTo({ name, resource }: ObjectId, { damage, record, ref }: Part): boolean {
  if (ref.kind === "attachment" && damage !== undefined) return true;
  const home = ref.kind === "attachment" ? homeOf(ref, record as AttachmentRecord) : objectOf(ref);
  return home.resource === resource && home.name === name;
}

/** A newer program's holder may lack what this one's has. */
function holderOf(holder: Partial<Holder>): Judged["holders"][number] {
  const { attachment, node = "", pod } = holder;
  return {
    node,
    ...(pod && { pod: `${pod.namespace}/${pod.name}` }),
    ...(attachment && { attachment: `${attachment.network} ${attachment.container} ${attachment.ifname}` }),
    digest: digestOf(holder),
  };
}

function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}

function identityOf({ epoch, recovery, state, uuid }: MetaRecord): Judged["identity"] {
  return { uuid, state, ...(epoch !== undefined && { epoch }), ...(recovery !== undefined && { recovery }) };
}

/** The record of a kind, where it can be read. */
function recordOf<K extends RecordKind>(parts: readonly Part[], kind: K): RecordTypes[K] | undefined {
  const part = parts.find(({ damage, ref }) => ref.kind === kind && damage === undefined);
  return part?.record as RecordTypes[K] | undefined;
}

function digestOf(value: object): string {
  return hashOf(JSON.stringify(value));
}
