import { addressOfHost } from "../address/url-host.ts";
import { identityFault } from "./identity.ts";
import { systemAuthorities } from "./system-authorities.ts";

/**
 * How each TLS connection of this program is made: what etcdctl and kubectl accept (Go's crypto/tls and crypto/x509)
 * is accepted, and nothing else, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
 *
 * To Go each certificate of an authority file is an anchor of trust; OpenSSL wants a chain that ends in one that signs
 * itself. Bun by itself offers neither the curve P-521 nor Ed25519: a server with such a certificate and TLS 1.2 would
 * not shake hands.
 */
export const AS_GO = {
  rejectUnauthorized: true,
  checkServerIdentity: identityFault,
  allowPartialTrustChain: true,
  ecdhCurve: "X25519MLKEM768:X25519:P-256:P-384:P-521",
  sigalgs: [
    "RSA-PSS+SHA256",
    "ECDSA+SHA256",
    "ed25519",
    "RSA-PSS+SHA384",
    "RSA-PSS+SHA512",
    "RSA+SHA256",
    "RSA+SHA384",
    "RSA+SHA512",
    "ECDSA+SHA384",
    "ECDSA+SHA512",
    "RSA+SHA1",
  ].join(":"),
} as const;

const { checkServerIdentity: _, ...BY_BUN } = AS_GO;

/**
 * How requests are sent to a host. Where anybody but Bun judges whose a certificate is, Bun keeps no connection: each
 * request shakes hands, which costs both sides ten times what the request does. Of an address it judges as Go does
 * (reuse.test.ts); of a name it also takes a certificate without alternative names, or `a*.example.com`.
 *
 * @param host whose certificate the server must have: an address, or a name.
 */
export function requestsAsGo(host: string): Partial<typeof AS_GO> {
  return addressOfHost(host) === undefined ? AS_GO : BY_BUN;
}

/**
 * The authorities for a connection: those that are configured, else the machine's. None of the environment's is added
 * (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE).
 *
 * @param ca PEM.
 */
export function trusting(ca: string | undefined): { readonly ca?: string } {
  const trusted = ca ?? systemAuthorities();
  return trusted === undefined ? {} : { ca: trusted };
}
