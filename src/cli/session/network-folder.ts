import { lstatSync, readdirSync } from "node:fs";
import { CAPS } from "../../address/caps.ts";
import { type NetworkText, networksInText } from "../../command-line/networks-in-text.ts";
import { readRegularBytes } from "../../files/regular-file.ts";

/** What an entry of the runtime's folder is to kube-ipam. */
export interface FolderEntry {
  readonly path: string;
  /** Networks of kube-ipam in it. */
  readonly networks: readonly NetworkText[];
  /** Why it is not read, or not read by the runtime; `remedy` says what to do. */
  readonly remark?: Remark;
  /** What is wrong with the text of a configuration that names kube-ipam. */
  readonly fault?: unknown;
}

interface Remark {
  readonly found: string;
  readonly remedy: string;
}

/**
 * Reads the folder where the runtime looks for networks, as libcni does: by name, `.conf`, `.conflist` and `.json` alone.
 * An entry that cannot be read gets a remark, and waits for nobody (a pipe); what is no business of kube-ipam is left out.
 * Never throws.
 */
export function readNetworkFolder(folder: string): FolderEntry[] {
  const names = namesIn(folder);
  if (!Array.isArray(names)) return names === undefined ? [] : [remarkable(folder, names)];
  return names.filter((name) => EXTENSION.test(name)).flatMap((name) => readEntry(`${folder}/${name}`));
}

const EXTENSION = /\.(conf|conflist|json)$/;

function namesIn(folder: string): string[] | Remark | undefined {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    return {
      found: `the folder cannot be read: ${message}`,
      remedy: "name the runtime's folder with --conf-dir",
    };
  }
}

function readEntry(path: string): FolderEntry[] {
  const content = contentOf(path);
  if (content === "gone") return [];
  if (typeof content !== "string") return [remarkable(path, content)];
  const bare = content.replace(/^\uFEFF/, "");
  const marked = content === bare ? undefined : BYTE_ORDER_MARK;
  try {
    const networks = networksInText(bare, path);
    const remark = marked ?? (networks.length === 0 && NAMED.test(bare) ? ELSEWHERE : undefined);
    return networks.length === 0 && remark === undefined
      ? []
      : [{ path, networks, ...(remark && { remark }) }];
  } catch (fault) {
    if (NAMED.test(bare)) return [{ path, networks: [], fault }];
    return marked === undefined ? [] : [remarkable(path, marked)];
  }
}

/** Also inside a string, as in a NetworkAttachmentDefinition. */
const NAMED = /"kube-ipam\\?"/;

const BYTE_ORDER_MARK: Remark = {
  found: "begins with a byte order mark, and a runtime does not read it",
  remedy: "write it without one",
};

const ELSEWHERE: Remark = {
  found: "has \"kube-ipam\" elsewhere than as the type of a plugin's or delegate's ipam: it is passed over",
  remedy: 'if kube-ipam is to give its addresses, write "ipam": {"type": "kube-ipam", …}',
};

/** The text; what is wrong with the entry; or that it is no longer there. */
function contentOf(path: string): string | Remark | "gone" {
  try {
    const bytes = steadyBytes(path);
    if (bytes.length === 0) return unreadable("is empty");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return lead(path);
    if (error instanceof TypeError) return unreadable("is not UTF-8");
    return unreadable(code === undefined ? message.replace(`'${path}' `, "") : `cannot be read: ${message}`);
  }
}

/** A runtime reads it whole, too: half of a file that is just being written says nothing. */
function steadyBytes(path: string): Buffer {
  const first = readRegularBytes(path, CAPS.input);
  const second = readRegularBytes(path, CAPS.input);
  if (first.equals(second)) return first;
  throw new Error("changed while it was read");
}

function lead(path: string): Remark | "gone" {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined
    ? "gone"
    : unreadable("is a link that leads nowhere");
}

function unreadable(found: string): Remark {
  return {
    found: `${found}: it is passed over`,
    remedy: "remove it, or put a network's configuration there",
  };
}

function remarkable(path: string, remark: Remark): FolderEntry {
  return { path, networks: [], remark };
}
