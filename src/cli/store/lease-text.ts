import { isContainerId } from "../../config/text/cni-name.ts";
import { interfaceNameFault } from "../../config/text/interface-name.ts";

/** Whose an address is; or why the lease does not tell. */
export type LeaseHolder = { readonly container: string; readonly ifname?: string } | Fault;

export interface Fault {
  readonly fault: string;
}

/** The longest that is read. A container's ID has 64 letters. */
export const LONGEST_LEASE = 1024;

/** What Go's strings.TrimSpace takes off, of ASCII. */
const BLANKS_AT_END = /[ \t\r\n\v\f]+$/;
/** What decoding leaves of bytes that are no UTF-8, and what no terminal should get. */
const UNREADABLE = /[\p{Cc}\ufffd]/u;

/**
 * Reads a lease of host-local: the container's ID and, on a second line, the interface; old releases and kube-ipam
 * 0.2 wrote only the ID. Lines end with CRLF, LF or the text. An ID or a name that CNI does not allow has a fault: no
 * DEL would ever name it. The fault quotes nothing of the text.
 */
export function readLeaseText(text: string): LeaseHolder {
  if (text.length > LONGEST_LEASE) return { fault: `it is longer than ${LONGEST_LEASE} bytes` };
  // An empty first line is a lost ID: what follows it is no container.
  const lines = text.replace(BLANKS_AT_END, "").split(/\r?\n/).map(trimmed);
  const [container = "", ifname] = lines;
  if (container === "") return { fault: "it names no container" };
  if (!isContainerId(container)) return { fault: "it begins with no container ID" };
  if (lines.length > 2) return { fault: "it has more than two lines" };
  if (ifname === undefined) return { container };
  const wrong = UNREADABLE.test(ifname) ? "it has unreadable characters" : interfaceNameFault(ifname);
  return wrong === undefined ? { container, ifname } : { fault: `its interface is wrong: ${wrong}` };
}

function trimmed(line: string): string {
  return line.replace(BLANKS_AT_END, "").replace(/^[ \t]+/, "");
}
