import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/**
 * Whether a certificate is for this host, as Go judges it: the common name does not count, and an asterisk stands for
 * the whole first label of any domain. Node.js takes the common name where there is no other, takes an asterisk for a
 * part of a label, and none for a domain of one label (`*.internal`).
 *
 * @returns undefined where it is.
 */
export function identityFault(host: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(host) !== 0) return checkServerIdentity(host, withoutCommonName(certificate));
  const name = host.toLowerCase().replace(/\.$/, "");
  const wanted = [name, name.replace(/^[^.]+(?=\.)/, "*")];
  if (dnsNames(certificate).some((each) => wanted.includes(each))) return undefined;
  return checkServerIdentity(host, withoutCommonName({ ...certificate, subjectaltname: "" }));
}

/** What stands in quotes is no name of a host: a comma may hide in it. */
function dnsNames({ subjectaltname = "" }: PeerCertificate): string[] {
  if (subjectaltname.includes('"')) return [];
  return subjectaltname.split(", ").flatMap((each) => /^DNS:(.+)$/.exec(each)?.[1]?.toLowerCase() ?? []);
}

function withoutCommonName(certificate: PeerCertificate): PeerCertificate {
  return { ...certificate, subject: { ...certificate.subject, CN: "" } };
}
