import { CAPS } from "../../address/caps.ts";
import type { Interval } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import type { Retention } from "../records.ts";
import type { FixedAddress } from "../wish.ts";
import { type Annotation, type Annotations, malformed, requireShort } from "./annotation.ts";
import { isNearMiss, PREFIX, rightKey, WORDS, type Word, wordOf } from "./annotation-keys.ts";
import { parseAddresses, parseRetention, parseSet, parseSticky } from "./annotation-values.ts";

type Find = (word: Word) => Annotation;

/** The words that ask for one thing, the first of which names it in messages, and how their values are read. */
interface Rule<T> {
  readonly words: readonly [Word, ...Word[]];
  readonly read: (find: Find) => T;
}

interface Grammar {
  readonly addresses: Rule<FixedAddress[]>;
  readonly set: Rule<Interval[]>;
  readonly sticky: Rule<boolean>;
  readonly retain: Rule<Exclude<Retention, "workload">>;
}

/**
 * Every annotation that a pod may have from us. A key is "kube-ipam.<word>", or "kube-ipam.<word>/<scope>" where
 * the scope names a network or an interface. deploy/admission says the same in CEL.
 */
const GRAMMAR: Grammar = {
  addresses: {
    words: ["ip", "netmask", "gateway"],
    read: (find) => parseAddresses(find("ip"), find("netmask"), find("gateway")),
  },
  set: { words: ["ips"], read: (find) => parseSet(find("ips")) },
  sticky: { words: ["sticky"], read: (find) => parseSticky(find("sticky")) },
  retain: { words: ["retain"], read: (find) => parseRetention(find("retain")) },
};

/** What the annotations of one scope ask for. Nothing is read yet: those of another network need not be right. */
export interface Form<T> {
  /** The key of the first word, also where only others are there. */
  readonly key: string;
  /** Absent: the plain keys, which apply to whichever network they fit. */
  readonly scope?: string;
  readonly present: readonly Annotation[];
  readonly find: Find;
  /** @throws IpamError annotationMalformed */
  readonly read: () => T;
}

export type Forms = {
  readonly [S in keyof Grammar]: readonly Form<ReturnType<Grammar[S]["read"]>>[];
};

/**
 * Finds what the annotations ask for, in each scope; an empty value is as good as none.
 *
 * @throws IpamError annotationMalformed for a key that only nearly is one of ours, which must not silently
 *   give a pod a random address (FAIL-CLOSED).
 */
export function formsOf(annotations: Annotations): Forms {
  const keys = Object.keys(annotations);
  for (const key of keys) requireKnown(key, annotations);
  requireFewKeys(keys);
  const scopes = [...new Set([undefined, ...keys.flatMap(scopesIn)])];
  const forms = <T>(rule: Rule<T>) => scopes.flatMap((scope) => formIn(scope, rule, annotations));
  return {
    addresses: forms(GRAMMAR.addresses),
    set: forms(GRAMMAR.set),
    sticky: forms(GRAMMAR.sticky),
    retain: forms(GRAMMAR.retain),
  };
}

function formIn<T>(
  scope: string | undefined,
  { words, read }: Rule<T>,
  annotations: Annotations,
): Form<T> | [] {
  const find = (word: Word) => annotationAt(keyOf(word, scope), annotations);
  const present = words.map(find).filter(({ text }) => text !== "");
  if (present.length === 0) return [];
  return {
    key: keyOf(words[0], scope),
    ...(scope !== undefined && { scope }),
    present,
    find,
    read: once(() => {
      for (const annotation of present) requireShort(annotation);
      return read(find);
    }),
  };
}

/** A value is read for each network and scope that it may speak to. One that cannot be read fails each time. */
function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}

function annotationAt(key: string, annotations: Annotations): Annotation {
  return { key, text: annotations[key]?.trim() ?? "" };
}

function requireKnown(key: string, annotations: Annotations): void {
  if (!isNearMiss(key)) return;
  const right = rightKey(key);
  const known = `${WORDS.map((each) => PREFIX + each).join(", ")}, each also with /<network> or /<interface>`;
  throw malformed(
    annotationAt(key, annotations),
    right === undefined ? `one of the keys ${known}` : `the key ${right}; the keys are ${known}`,
  );
}

/** Each key may ask each network of the pod, and each network that the store knows, for something (CAPPED). */
function requireFewKeys(keys: readonly string[]): void {
  const count = keys.filter((key) => wordOf(key) !== undefined).length;
  if (count <= CAPS.annotationKeys) return;
  throw new IpamError(
    "annotationMalformed",
    `the pod has ${count} annotations ${PREFIX}*, more than ${CAPS.annotationKeys}`,
    "nothing is allocated: keep those that speak to networks of this pod",
  );
}

function scopesIn(key: string): string[] {
  const slash = key.indexOf("/");
  return slash !== -1 && wordOf(key) !== undefined ? [key.slice(slash + 1)] : [];
}

function keyOf(word: Word, scope: string | undefined): string {
  return scope === undefined ? PREFIX + word : `${PREFIX}${word}/${scope}`;
}
