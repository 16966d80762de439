import type { NetworkConfiguration } from "../network-configuration.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import { wrongValue } from "../text/wrong-value.ts";

/** The specification's key, and the one that older drafts named; libcni sends both. */
const KEYS = ["cni.dev/valid-attachments", "cni.dev/attachments"] as const;

type ValidAttachments = NonNullable<NetworkConfiguration["validAttachments"]>;

/**
 * The attachments that GC must keep (CNI specification, "GC"). A key with null or [] says that none
 * is valid (CRI-O sends null); without either key nothing is known, and the answer is undefined.
 * Where both keys are there, what either names is kept.
 *
 * @throws IpamError invalidConfig for a list that cannot be read as a whole: nothing may be freed then.
 */
export function readValidAttachments(document: Json): ValidAttachments | undefined {
  const present = KEYS.filter((key) => Object.hasOwn(document, key));
  if (present.length === 0) return undefined;
  return present.flatMap((key) => readList(member(document, key) ?? [], key));
}

function readList(value: unknown, key: string): ValidAttachments {
  if (!Array.isArray(value)) throw wrongValue(key, value, 'a list of {"containerID": …, "ifname": …}');
  return value.map((item: unknown, index) => {
    const path = `${key}[${index}]`;
    if (!isObject(item)) throw wrongValue(path, item, '{"containerID": …, "ifname": …}');
    return {
      container: requireText(member(item, "containerID"), `${path}.containerID`),
      ifname: requireText(member(item, "ifname"), `${path}.ifname`),
    };
  });
}

function requireText(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw wrongValue(path, value, "a non-empty string");
}
