import fc from "fast-check";
import { isObject } from "../text/json-text.ts";

type Value = Readonly<Record<string, unknown>>;

/** Where a member stands: the keys and indices that lead to its object, and its key. */
export interface Spot {
  readonly path: readonly (string | number)[];
  readonly key: string;
}

/** A document in which one key of another was written in another way. */
export interface Respelt {
  readonly text: string;
  /** The key as it was, and as it is now. */
  readonly was: string;
  readonly now: string;
}

/** Stands for a key that is written a second time. */
const AGAIN = "@again";

/** Every member of these objects, apart from what stands below a key of `data`. */
export function spotsIn(value: unknown, data: readonly string[], path: Spot["path"] = []): Spot[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => spotsIn(item, data, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    { path, key },
    ...(data.includes(key) ? [] : spotsIn(item, data, [...path, key])),
  ]);
}

/** Writes the key in another case. */
export function inAnotherCase(document: Value, spot: Spot): fc.Arbitrary<Respelt> {
  const letters = [...spot.key].map((letter) => fc.constantFrom(...casesOf(letter)));
  return fc.tuple(...letters).map((spelling) => renamed(document, spot, spelling.join("")));
}

/** Puts '_', '-' or a blank between letters of the key. */
export function separated(document: Value, spot: Spot): fc.Arbitrary<Respelt> {
  return fc
    .tuple(fc.integer({ min: 1, max: Math.max(1, spot.key.length - 1) }), fc.constantFrom("_", "-", " "))
    .map(([at, mark]) => renamed(document, spot, spot.key.slice(0, at) + mark + spot.key.slice(at)));
}

/** One letter more, one less, another one, or two that changed places. */
export function misspelt(document: Value, spot: Spot): fc.Arbitrary<Respelt> {
  const { key } = spot;
  const at = fc.nat({ max: key.length - 1 });
  const letter = fc.constantFrom(..."aeinrstxS7");
  return fc
    .tuple(at, letter, fc.constantFrom("more", "less", "other", "exchanged"))
    .map(([place, other, how]) => {
      const [before, here, after] = [key.slice(0, place), key.charAt(place), key.slice(place + 1)];
      if (how === "more") return before + other + here + after;
      if (how === "less") return before + after;
      if (how === "other") return before + other + after;
      return before + after.charAt(0) + here + after.slice(1);
    })
    .filter((spelling) => spelling !== key)
    .map((spelling) => renamed(document, spot, spelling));
}

/** Takes the member away from its object, and puts it into another one that has no such key. */
export function moved(document: Value, spot: Spot, targets: readonly Spot["path"][]): fc.Arbitrary<Respelt> {
  const free = targets.filter((target) => {
    const object = at(document, target);
    return isObject(object) && !Object.hasOwn(object, spot.key) && !isBelow(target, spot);
  });
  if (free.length === 0) return fc.constant({ text: JSON.stringify(document), was: spot.key, now: spot.key });
  return fc.constantFrom(...free).map((target) => {
    const copy = structuredClone(document);
    const source = at(copy, spot.path) as Record<string, unknown>;
    const value = source[spot.key];
    (at(copy, target) as Record<string, unknown>)[spot.key] = value;
    delete source[spot.key];
    return { text: JSON.stringify(copy), was: spot.key, now: spot.key };
  });
}

/** Writes the key a second time, in this spelling or another one, before or behind the first. */
export function doubled(document: Value, spot: Spot, value: unknown): fc.Arbitrary<Respelt> {
  const another = fc.constantFrom(spot.key, spot.key.toUpperCase(), spot.key.toLowerCase());
  return fc.tuple(another, fc.boolean()).map(([spelling, first]) => {
    const copy = structuredClone(document);
    const object = at(copy, spot.path) as Record<string, unknown>;
    const more: [string, unknown] = [spelling + AGAIN, value];
    const members = first ? [more, ...Object.entries(object)] : [...Object.entries(object), more];
    for (const key of Object.keys(object)) delete object[key];
    for (const [key, item] of members) object[key] = item;
    return { text: JSON.stringify(copy).replace(AGAIN, ""), was: spot.key, now: spelling };
  });
}

function renamed(document: Value, spot: Spot, now: string): Respelt {
  const copy = structuredClone(document);
  const object = at(copy, spot.path) as Record<string, unknown>;
  const members = Object.entries(object).map(([key, item]) => [key === spot.key ? now : key, item] as const);
  for (const key of Object.keys(object)) delete object[key];
  for (const [key, item] of members) object[key] = item;
  return { text: JSON.stringify(copy), was: spot.key, now };
}

function casesOf(letter: string): string[] {
  const odd = letter.toLowerCase() === "s" ? ["ſ"] : letter.toLowerCase() === "k" ? ["K"] : [];
  return [letter, letter.toLowerCase(), letter.toUpperCase(), ...odd];
}

function isBelow(target: Spot["path"], { path, key }: Spot): boolean {
  return [...path, key].every((step, index) => target[index] === step);
}

function at(document: unknown, path: Spot["path"]): unknown {
  return path.reduce((value: unknown, step) => (value as Record<string | number, unknown>)[step], document);
}
