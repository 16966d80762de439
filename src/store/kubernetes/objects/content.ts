import type { Ref } from "../../../ipam/records.ts";
import { missingMember } from "../../record-members.ts";
import { parseRef, refText } from "./ref-text.ts";

/** The records that one object holds, by `refText`. */
export type Content = ReadonlyMap<string, Part>;

/** One record of an object. */
export interface Part {
  readonly ref: Ref;
  readonly record: unknown;
  /** It is to vanish so many seconds after it was written. */
  readonly seconds?: number;
  /**
   * The version that the object had when this record was written, where that was written again since for another
   * record's sake; absent: the object's own.
   */
  readonly revision?: number;
  /** Why it cannot be read. */
  readonly damage?: string;
}

export const EMPTY: Content = new Map();

/** Content as the text that an object keeps. What was damaged stays as it was. */
export function contentText(content: Content): string {
  return JSON.stringify(
    Array.from(content, ([text, { record, revision, seconds }]) =>
      revision === undefined && seconds === undefined
        ? [text, record]
        : [text, record, seconds ?? null, ...(revision === undefined ? [] : [revision])],
    ),
  );
}

/** Reads what `contentText` writes; undefined where nothing of it can be read. */
export function parseContent(text: string): Content | undefined {
  const listed = parse(text);
  if (!Array.isArray(listed)) return undefined;
  const content = new Map<string, Part>();
  for (const entry of listed as unknown[]) {
    const [key, record, seconds, revision] = Array.isArray(entry) ? (entry as unknown[]) : [];
    const ref = typeof key === "string" ? parseRef(key) : undefined;
    if (ref === undefined) return undefined;
    const damage = damageOf(ref, record);
    content.set(refText(ref), {
      ref,
      record,
      ...(typeof seconds === "number" && { seconds }),
      ...(typeof revision === "number" && { revision }),
      ...(damage !== undefined && { damage }),
    });
  }
  return content;
}

/** The content of an object that is written again for the sake of other records: these keep their revision. */
export function pinned(content: Content, version: string | undefined): Content {
  const revision = Number(version ?? 0);
  return new Map(Array.from(content, ([text, part]) => [text, { revision, ...part }]));
}

function damageOf({ kind }: Ref, record: unknown): string | undefined {
  if (typeof record !== "object" || record === null || !("version" in record))
    return "expected a JSON object with a version";
  const missing = missingMember(kind, record);
  return missing && `its member ${missing} is damaged`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
