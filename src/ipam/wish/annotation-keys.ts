import { malformed } from "./annotation-error.ts";
import type { Annotations, Asked } from "./annotations.ts";
import type { Unclaimed } from "./further-networks.ts";

const PREFIX = "kube-ipam.";
const WORDS = ["ip", "netmask", "gateway", "ips", "sticky", "retain"] as const;
type Word = (typeof WORDS)[number];

/** One annotation that applies; `suffix` is the interface or network that it names. */
export interface Key {
  readonly key: string;
  readonly suffix?: string;
}

/**
 * The annotations that may apply to one network of the pod: of each word the forms that are there,
 * by interface, by network, plain. The first one applies; the others are still promises, or faults.
 */
export interface Keys {
  /** The ip key of the group ip, netmask, gateway; present as soon as one of the three is. */
  readonly address: readonly Key[];
  readonly set: readonly Key[];
  readonly sticky: readonly Key[];
  readonly retain: readonly Key[];
  /** Keys with a suffix that means another network or interface. */
  readonly elsewhere: readonly Unclaimed[];
}

/** Finds the forms of each word that speak to this network, the one that applies first. */
export function keysFor(annotations: Annotations, { ifname, network }: Asked): Keys {
  const suffixes = [...new Set([ifname, network.name, undefined])];
  const find = (words: readonly Word[], main: Word): Key[] =>
    suffixes
      .filter((suffix) => words.some((word) => readValue(annotations, keyOf(word, suffix)) !== ""))
      .map((suffix) => named(main, suffix));
  return {
    address: find(["ip", "netmask", "gateway"], "ip"),
    set: find(["ips"], "ips"),
    sticky: find(["sticky"], "sticky"),
    retain: find(["retain"], "retain"),
    elsewhere: elsewhere(annotations, [ifname, network.name]),
  };
}

/** The annotation's value without outer blanks; "" where it is absent. */
export function readValue(annotations: Annotations, key: string): string {
  return annotations[key]?.trim() ?? "";
}

/** The key of another word for the same network or interface. */
export function siblingKey({ suffix }: Key, word: Word): string {
  return keyOf(word, suffix);
}

/**
 * A misspelt key must not silently give a pod a random address (FAIL-CLOSED).
 *
 * @throws IpamError annotationMalformed
 */
export function refuseUnknownKeys(annotations: Annotations): void {
  for (const key of Object.keys(annotations)) {
    const word = wordOf(key);
    if (word === undefined || isWord(word)) continue;
    // "kube-ipam.io/..." and the like are DNS names of other programs, not words of ours.
    if (key.includes("/") && (word === "io" || word.includes("."))) continue;
    const known = WORDS.map((each) => PREFIX + each).join(", ");
    throw malformed(
      { key },
      annotations,
      `one of the keys ${known}, each also with /<network> or /<interface>`,
    );
  }
}

function elsewhere(annotations: Annotations, own: readonly string[]): Unclaimed[] {
  return Object.keys(annotations).flatMap((key) => {
    const slash = key.indexOf("/");
    const word = wordOf(key);
    if (slash === -1 || word === undefined || !isWord(word) || readValue(annotations, key) === "") return [];
    const suffix = key.slice(slash + 1);
    return own.includes(suffix) ? [] : [{ key, suffix, text: readValue(annotations, key) }];
  });
}

function wordOf(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const slash = key.indexOf("/");
  return key.slice(PREFIX.length, slash === -1 ? undefined : slash);
}

function isWord(word: string): word is Word {
  return WORDS.some((known) => known === word);
}

function keyOf(word: Word, suffix: string | undefined): string {
  return suffix === undefined ? PREFIX + word : `${PREFIX}${word}/${suffix}`;
}

function named(word: Word, suffix: string | undefined): Key {
  return suffix === undefined ? { key: keyOf(word, suffix) } : { key: keyOf(word, suffix), suffix };
}
