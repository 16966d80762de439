import * as v from "valibot";
import type { Kind } from "../../../kubernetes/api/kinds.ts";
import { type Content, contentText, EMPTY, parseContent } from "../objects/content.ts";
import { hashOf } from "../objects/hash.ts";
import type { ObjectId, Resource } from "../objects/names.ts";
import { objectKey, parseObjectKey } from "../objects/names.ts";
import {
  type Label,
  MOST_WRITTEN,
  type NewObject,
  type Outline,
  type StoredObject,
  type Verdict,
  type Was,
} from "../objects/objects.ts";
import { refText } from "../objects/ref-text.ts";
import { contradiction, type Judged, judged, judgedOf, shownOf } from "./summary.ts";

/** The group of the custom resources; the aggregated API of the controller has another. */
export const GROUP = "store.kube-ipam.io";
export const VERSION = "v1";

const metadata = v.object({
  name: v.string(),
  uid: v.string(),
  resourceVersion: v.string(),
  labels: v.nullish(v.record(v.string(), v.string()), {}),
  deletionTimestamp: v.nullish(v.string()),
});

const prepared = v.object({ ...judged.entries, transaction: v.string(), records: v.string() });

/** An object of either resource. What a person has broken is no reason to refuse the whole listing. */
export const storedObject = v.object({
  metadata,
  spec: v.fallback(
    v.object({
      ...judged.entries,
      records: v.optional(v.string(), ""),
      ref: v.optional(v.string()),
      written: v.optional(v.string(), ""),
      prepared: v.optional(prepared),
      verdict: v.optional(v.picklist(["pending", "committed"])),
      prepares: v.optional(v.array(v.string())),
    }),
    { records: "", written: "", holders: [], attachments: [] },
  ),
});

/** Metadata alone. */
export const outline = v.object({ metadata });

const KINDS: Readonly<Record<Resource, string>> = {
  addressrecords: "AddressRecord",
  storerecords: "StoreRecord",
};

/** The resource as the client of the API server names it. */
export function kindOf(resource: Resource): Kind<v.InferOutput<typeof storedObject>> {
  return { group: GROUP, version: VERSION, plural: resource, shape: storedObject };
}

/** The object of an answer. */
export function objectOf(
  resource: Resource,
  {
    metadata: { deletionTimestamp, labels, name, resourceVersion, uid },
    spec,
  }: v.InferOutput<typeof storedObject>,
): StoredObject {
  const id = { resource, name };
  const isGoing = typeof deletionTimestamp === "string";
  const told = isGoing ? GOING : believed(id, spec, spec);
  const prepared = spec.prepared && (isGoing ? GOING : believed(id, spec.prepared, spec));
  const damage = told.damage ?? prepared?.damage;
  return {
    id,
    uid,
    version: resourceVersion,
    content: told.content,
    ...(damage !== undefined && { damage }),
    told: { has: labels?.[HAS] ?? "arc", ...(spec.ref !== undefined && { ref: spec.ref }) },
    written: spec.written === "" ? [] : spec.written.split(" "),
    ...(spec.prepared && {
      prepared: { transaction: spec.prepared.transaction, content: prepared?.content },
    }),
    ...(spec.verdict && { verdict: spec.verdict }),
    ...(spec.prepares && { prepares: spec.prepares.map(parseObjectKey) }),
  };
}

/** Content, or why it is not to be believed. */
interface Told {
  readonly content: Content | undefined;
  readonly damage?: string;
}

/**
 * Somebody has deleted it, and a finalizer of his keeps it until then. The API server takes a write of it, and lets it
 * vanish with that: an ADD would have an address that the next one gets as well. So nothing is written any more
 * (FAIL-CLOSED).
 */
const GOING: Told = {
  content: undefined,
  damage: "somebody has deleted it, and metadata.finalizers keep it; take these away, and it is gone",
};

/** The content, where it can be read and is what its summary says (FAIL-CLOSED). */
function believed(
  id: ObjectId,
  told: Judged & { readonly records: string },
  { ref }: { readonly ref?: string | undefined },
): Told {
  const content = parseContent(told.records);
  if (content === undefined) return { content };
  const damage = contradiction(id, { ...told, ref }, content);
  return damage === undefined ? { content } : { content: undefined, damage };
}

/** What metadata alone tell. */
export function outlineOf(
  resource: Resource,
  { metadata: { name, labels, resourceVersion } }: v.InferOutput<typeof outline>,
): Outline {
  const seconds = Number(labels?.[SECONDS]);
  const revision = Number(labels?.[REVISION]);
  return {
    id: { resource, name },
    version: resourceVersion,
    // Somebody who took the label away has not freed the address.
    has: labels?.[HAS] ?? "a",
    isPrepared: labels?.[PREPARED] !== undefined,
    ...(Number.isFinite(seconds) && { seconds }),
    ...(Number.isFinite(revision) && { revision }),
  };
}

/** The body of a create, or of a replacement of `was`; of a decision that is the node's own. */
export function bodyOf(
  { content, id, prepared, prepares, verdict, written }: NewObject,
  { node, was }: { readonly was?: Was; readonly node?: string | undefined } = {},
): object {
  const both = [content, prepared?.content ?? EMPTY];
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KINDS[id.resource],
    metadata: {
      name: id.name,
      ...(was && { uid: was.uid, resourceVersion: was.version }),
      labels: {
        ...labelsOf(both),
        ...(id.resource === "addressrecords" ? stateLabels(both) : emptyLabel(both, verdict)),
        ...(prepared && { [PREPARED]: "" }),
      },
    },
    spec: {
      ...(id.resource === "addressrecords" ? shownOf(id, content) : refOf(both)),
      ...judgedOf(id, content),
      records: contentText(content),
      written: [written, ...(was?.written ?? [])].slice(0, MOST_WRITTEN).join(" "),
      ...(prepared && {
        prepared: {
          transaction: prepared.transaction,
          ...judgedOf(id, prepared.content),
          records: contentText(prepared.content),
        },
      }),
      ...(verdict && { verdict }),
      ...(node !== undefined && { node }),
      ...(prepares && { prepares: prepares.map(objectKey) }),
    },
  };
}

/** A selector for objects that have the label. */
export function selectorOf({ name, value }: Label): string {
  return labelKey(name, value);
}

/** The label by which a node's attachments are found. */
export function nodeLabel(node: string): Label {
  return { name: "node", value: hashOf(node) };
}

/** The label by which one attachment is found. */
export function attachmentLabel(text: string): Label {
  return { name: "attachment", value: hashOf(text) };
}

/** Of an object that holds one record: people and the damaged's finder read it. */
function refOf(contents: readonly Content[]): { ref?: string } {
  const [ref] = contents.flatMap((content) => [...content.keys()]);
  return ref === undefined ? {} : { ref };
}

const HAS = `${GROUP}/has`;
const SECONDS = `${GROUP}/seconds`;
const REVISION = `${GROUP}/revision`;
const PREPARED = `${GROUP}/prepared`;
/** A restored address would have an owner of former days. */
const UNSAVED = { "velero.io/exclude-from-backup": "true" };

function labelKey(name: Label["name"], value: string): string {
  return `${name}.${GROUP}/${value}`;
}

function labelsOf(contents: readonly Content[]): Record<string, string> {
  const labels: Record<string, string> = { ...UNSAVED };
  for (const { ref } of contents.flatMap((content) => [...content.values()])) {
    if (ref.kind !== "attachment") continue;
    for (const { name, value } of [nodeLabel(ref.node), attachmentLabel(refText(ref))])
      labels[labelKey(name, value)] = "";
  }
  return labels;
}

function stateLabels(contents: readonly Content[]): Record<string, string> {
  const parts = contents.flatMap((content) => [...content.values()]);
  const has = LETTERS.filter(([kind]) => parts.some(({ ref }) => ref.kind === kind));
  const { revision, seconds } = parts.find(({ ref }) => ref.kind === "cooling") ?? {};
  return {
    [HAS]: has.map(([, letter]) => letter).join(""),
    ...(seconds !== undefined && { [SECONDS]: String(seconds) }),
    ...(revision !== undefined && { [REVISION]: String(revision) }),
  };
}

/** The sweep finds what holds nothing. */
function emptyLabel(contents: readonly Content[], verdict: Verdict | undefined): Record<string, string> {
  return verdict === undefined && contents.every(({ size }) => size === 0) ? { [HAS]: "" } : {};
}

const LETTERS = [
  ["allocation", "a"],
  ["reservation", "r"],
  ["cooling", "c"],
] as const;
