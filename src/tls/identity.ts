import type { PeerCertificate } from "node:tls";
import { formatAddress, tryParseAddress } from "../address/address.ts";
import { addressOfHost } from "../address/url-host.ts";

/** The part of a certificate that says whose it is. */
export type Names = Pick<PeerCertificate, "subjectaltname"> | { readonly subjectaltname?: string };

/**
 * Whether a certificate is for this host, as Go judges it: the common name does not count, and an asterisk stands for
 * the whole first label of any domain. Node.js takes the common name where there is no other, takes an asterisk for a
 * part of a label, and none for a domain of one label (`*.internal`). Nor is `node:tls` worth loading for it.
 *
 * @returns undefined where it is; else an error as Node.js makes it.
 */
export function identityFault(host: string, { subjectaltname = "" }: Names): Error | undefined {
  // What stands in quotes is no name of a host: a comma may hide in it.
  const plain = subjectaltname.includes('"') ? subjectaltname.replaceAll(QUOTED, "") : subjectaltname;
  const names = plain.split(", ");
  const address = addressOfHost(host);
  const isNamed =
    address === undefined
      ? isOneOf(valuesOf(names, "DNS:"), host.toLowerCase().replace(/\.$/, ""))
      : valuesOf(names, "IP Address:").some((each) => isSame(each, formatAddress(address)));
  if (isNamed) return undefined;
  const message = `Hostname/IP does not match certificate's altnames: ${host} is none of ${subjectaltname}`;
  return Object.assign(new Error(message), { code: WRONG_NAME });
}

const QUOTED = /"(\\.|[^"\\])*"/g;

/**
 * Why a handshake is not to be trusted; undefined: it is. Bun judges a name as Node.js does, once the chain of
 * certificates is verified: on its word about the name alone we do not rely.
 *
 * @param shaken what `handshake` of Bun's sockets says.
 */
export function handshakeFault(
  host: string,
  shaken: { readonly isAuthorized: boolean; readonly fault: Error | null },
  names: Names,
): Error | undefined {
  const { fault, isAuthorized } = shaken;
  if (fault !== null && !isAboutName(fault)) return fault;
  if (fault === null && !isAuthorized) return new Error("the handshake failed");
  return identityFault(host, names);
}

function isAboutName(fault: Error): boolean {
  return "code" in fault && fault.code === WRONG_NAME;
}

const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

function isOneOf(names: readonly string[], name: string): boolean {
  const wanted = [name, name.replace(/^[^.]+(?=\.)/, "*")];
  return names.some((each) => wanted.includes(each.toLowerCase()));
}

function isSame(text: string, wanted: string): boolean {
  const address = tryParseAddress(text);
  return address !== undefined && formatAddress(address) === wanted;
}

function valuesOf(names: readonly string[], kind: string): string[] {
  return names.filter((each) => each.startsWith(kind)).map((each) => each.slice(kind.length));
}
