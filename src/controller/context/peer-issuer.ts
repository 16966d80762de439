import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { certificateBlocks } from "../../tls/pem.ts";

/**
 * Whether one of these authorities itself signed the certificate that a client has shown, and TLS has found
 * it valid. Where several authorities count for one server, TLS alone does not say by which it went.
 */
export function isIssuedBy(socket: TLSSocket, authorities: readonly X509Certificate[]): boolean {
  if (!socket.authorized) return false;
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return false;
  const shown = new X509Certificate(raw);
  return authorities.some((authority) => shown.checkIssued(authority) && shown.verify(authority.publicKey));
}

/** All authorities of a bundle. @throws Error where it holds none, or one that cannot be read. */
export function authoritiesIn(bundle: string): X509Certificate[] {
  const texts = certificateBlocks(bundle);
  if (texts.length === 0) throw new Error("it holds no certificate in PEM");
  return texts.map((text) => new X509Certificate(text));
}
