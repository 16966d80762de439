import type { X509Certificate } from "node:crypto";
import { COMPARE_CLOCKS, certificatesIn, dateFault, nameOf } from "./certificates.ts";
import { EXPECTED_PEM, type TlsFault } from "./pem.ts";
import { type Peer, probe } from "./probe.ts";

/** A server whose certificate was not accepted, and what that was compared with. */
export interface RefusedPeer {
  /** Where to look again; undefined where that is not possible (behind a proxy). */
  readonly at: Omit<Peer, "ca"> | undefined;
  /** PEM; undefined: the authorities of the system. */
  readonly ca: string | undefined;
  /** Names where `ca` came from: a setting and its file. */
  readonly authority: string;
  /** The setting alone. */
  readonly setting: string;
}

/**
 * Explains a certificate that was not accepted. Looks at the server once more where that tells whose fault it is: the
 * handshake is as strict as the first, and nothing is sent. Never rejects.
 *
 * @param code as `isVerificationCode` knows it.
 */
export async function peerFault(code: string, words: string, peer: RefusedPeer): Promise<TlsFault> {
  if (ALTNAME.includes(code)) return wrongName(peer);
  if (UNKNOWN_AUTHORITY.includes(code)) return unknownAuthority(peer);
  const own = await ownAuthorityFault(peer);
  if (own !== undefined) return own;
  const known = SERVER_FAULTS[code];
  if (known !== undefined) return known;
  return {
    reason: `the server's certificate cannot be verified: ${words} (${code})`,
    remedy: `correct the server's certificate, or the authority in ${peer.setting}`,
  };
}

const ALTNAME: readonly string[] = [
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "IP_ADDRESS_MISMATCH",
];

const UNKNOWN_AUTHORITY: readonly string[] = [
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
];

const SERVER_FAULTS: Readonly<Record<string, TlsFault>> = {
  CERT_HAS_EXPIRED: { reason: "the server's certificate has expired", remedy: "renew it on the server" },
  CERT_NOT_YET_VALID: {
    reason: "the server's certificate is not yet valid",
    remedy: COMPARE_CLOCKS,
  },
  INVALID_PURPOSE: {
    reason: "the server's certificate is not for servers (its extended key usage lacks serverAuth)",
    remedy: "give the server a certificate that was issued for server authentication",
  },
};

function unknownAuthority({ authority, ca, setting }: RefusedPeer): TlsFault {
  if (ca === undefined)
    return {
      reason: "this machine trusts no authority that signed the server's certificate",
      remedy: `set ${setting}`,
    };
  if (certificatesIn(ca).length === 0)
    return { reason: `${setting} ${authority} holds no certificate that can be read`, remedy: EXPECTED_PEM };
  return {
    reason: `the server's certificate was not signed by the authority in ${authority}`,
    remedy: `put the authority that signed the servers' certificates into ${setting}`,
  };
}

async function wrongName({ at, ca }: RefusedPeer): Promise<TlsFault> {
  const names = at && (await probe({ ...at, ca })).names;
  const has = names === undefined ? "" : names === "" ? ": it names none" : `: it is for ${names}`;
  return {
    reason: `the server's certificate is not for this host${has}`,
    remedy: "use a name that is in the certificate, or add this one to it",
  };
}

/** The fault of the authority in our file, where the server's certificate is no better without it. */
async function ownAuthorityFault({ at, authority, ca = "" }: RefusedPeer): Promise<TlsFault | undefined> {
  const own = certificatesIn(ca);
  const [faulty] = own.flatMap((each) => authorityFault(each) ?? []);
  if (faulty === undefined) return undefined;
  const sound = own.filter((each) => authorityFault(each) === undefined);
  const blamesServer =
    sound.length > 0 &&
    at !== undefined &&
    !UNKNOWN_AUTHORITY.includes((await probe({ ...at, ca: sound.join("\n") })).code);
  if (blamesServer) return undefined;
  const { reason, remedy } = faulty;
  return { reason: `the authority in ${authority} ${reason}`, remedy };
}

function authorityFault(certificate: X509Certificate): TlsFault | undefined {
  const name = `('${nameOf(certificate)}')`;
  const date = dateFault(certificate, "put the present authority of the servers there");
  if (date !== undefined) return { ...date, reason: `${date.reason} ${name}` };
  if (certificate.ca) return undefined;
  return {
    reason: `is no authority: its certificate lacks CA:TRUE ${name}`,
    remedy: "put the certificate of the authority there, not one that it has issued",
  };
}
