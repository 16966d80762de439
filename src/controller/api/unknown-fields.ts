import type * as v from "valibot";

type Shape = v.GenericSchema | v.ObjectSchema<v.ObjectEntries, undefined>;

/** So many are named; whoever writes more of them has read these. */
const MOST_NAMED = 16;

/** Paths of the fields of a body that its shape does not have, the first few: `spec.adress`. */
export function unknownFields(shape: Shape, body: unknown): string[] {
  return [...unknownIn(shape, body, "")].slice(0, MOST_NAMED);
}

function* unknownIn(shape: Shape, body: unknown, path: string): Generator<string> {
  const entries = entriesOf(shape);
  if (entries === undefined || typeof body !== "object" || body === null) return;
  for (const [key, value] of Object.entries(body)) {
    if (Object.hasOwn(entries, key)) yield* unknownIn(entries[key] as Shape, value, `${path}${key}.`);
    else yield `${path}${key}`;
  }
}

function entriesOf(shape: Shape): v.ObjectEntries | undefined {
  if ("wrapped" in shape) return entriesOf(shape.wrapped as Shape);
  return shape.type === "object" && "entries" in shape ? shape.entries : undefined;
}
