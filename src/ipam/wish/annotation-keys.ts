import { CAPS } from "../../address/caps.ts";

/** What a key of ours may say after the prefix; each also with "/<network>" or "/<interface>". */
export const WORDS = ["ip", "netmask", "gateway", "ips", "sticky", "retain"] as const;
export type Word = (typeof WORDS)[number];

export const PREFIX = "kube-ipam.";
const NAME = "kubeipam";

/** Checksums that the chart writes on kube-ipam's own pods. */
const OF_THE_CHART: readonly string[] = ["kube-ipam/config", "kube-ipam/node"];

/**
 * Keys in lower case that begin with our name, or whose DNS name has it as a label. After "-" or "_" the name
 * may go on to be another program's, so that there only keys without a DNS name count.
 *
 * deploy/admission has these two patterns too: CEL's expressions and RE2 read them as they are.
 */
export const NAMED = "^kube[-_.]*ipam([./]|[-_][^/]*$|$)|^[^/]*[.]kube[-_.]*ipam([.][^/]*)?/";

/** Keys in lower case and without separators: our name but for one slip, and then a word of ours. */
export const ALIKE = `^(${oneSlip(NAME)})(io)?/?(${WORDS.join("|")})(/|$)`;

const named = new RegExp(NAMED);
const alike = new RegExp(ALIKE);

/** The word of a key of ours, spelt as it must be. */
export function wordOf(key: string): Word | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const [text] = key.slice(PREFIX.length).split("/", 1);
  return WORDS.find((word) => word === text);
}

/**
 * Whether whoever wrote a key meant us, and wrote no key of ours: another case, other separators, a DNS name
 * made of our name, a slip. Tight, because another program's key must never stop a pod. Kubernetes takes no key
 * that is longer than what is looked at.
 */
export function isNearMiss(key: string): boolean {
  if (wordOf(key) !== undefined || OF_THE_CHART.includes(key)) return false;
  const head = key.slice(0, CAPS.annotationKey);
  return named.test(head.toLowerCase()) || alike.test(bare(head));
}

/** Whether a key is ours, or was meant to be. */
export function isMeantForUs(key: string): boolean {
  return wordOf(key) !== undefined || isNearMiss(key);
}

/** The key that a near miss was meant to be; undefined where that cannot be told. */
export function rightKey(nearMiss: string): string | undefined {
  const [head = "", ...scope] = nearMiss.slice(0, CAPS.annotationKey).split("/");
  const said = wordLike(afterName.exec(bare(head))?.[1] ?? "");
  if (said !== undefined) return [PREFIX + said, ...scope].join("/");
  const word = wordLike(bare(scope.join("/")));
  return word && PREFIX + word;
}

const afterName = new RegExp(`^.*?(?:${NAME}|${oneSlip(NAME)})(?:io$)?(.*)$`);

function wordLike(text: string): Word | undefined {
  return WORDS.find((word) => word === text) ?? slips().find(([, pattern]) => pattern.test(text))?.[0];
}

let compiled: readonly (readonly [Word, RegExp])[] | undefined;

/** Made once, and only for whoever has written a near miss. */
function slips(): readonly (readonly [Word, RegExp])[] {
  compiled ??= WORDS.map((word) => [word, new RegExp(`^(?:${oneSlip(word)})$`)] as const);
  return compiled;
}

function bare(key: string): string {
  return key.toLowerCase().replaceAll(/[-_.]/g, "");
}

/** A pattern of the text itself, and with one letter wrong, missing or too many, or two changed about. */
function oneSlip(text: string): string {
  const letters = [...text];
  const at = (index: number) => [text.slice(0, index), text.slice(index + 1)] as const;
  return [
    ...letters.map((letter, index) => at(index).join(`.?${letter}?`)),
    `${text}.`,
    ...letters
      .slice(1)
      .map((letter, index) => text.slice(0, index) + letter + letters[index] + text.slice(index + 2)),
  ].join("|");
}
