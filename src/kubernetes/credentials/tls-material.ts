import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

type Pem = Buffer | string;

export interface TlsMaterial {
  readonly ca?: Pem;
  readonly cert?: Pem;
  readonly key?: Pem;
}

/**
 * Whether a TLS connection can be begun with it. What cannot would look like a server that is not
 * there, and be tried again for ever.
 *
 * @throws Error saying which part is unusable, never what is in it.
 */
export function requireTlsMaterial({ ca, cert, key }: TlsMaterial): void {
  if (ca !== undefined)
    requireReadable("certificate-authority holds no certificates in PEM", () => createSecureContext({ ca }));
  if (cert === undefined && key === undefined) return;
  if (cert === undefined) throw new Error("it has a client-key without a client-certificate");
  if (key === undefined) throw new Error("it has a client-certificate without its client-key");
  const certificate = requireReadable(
    "client-certificate is no certificate in PEM",
    () => new X509Certificate(cert),
  );
  const secret = requireReadable("client-key is no private key in PEM, or is encrypted", () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(secret))
    throw new Error("its client-key does not belong to its client-certificate");
  requireReadable("client-certificate and client-key cannot be used", () =>
    createSecureContext({ cert, key }),
  );
}

/** OpenSSL's own words ("NO_START_LINE") help nobody. */
function requireReadable<T>(otherwise: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new Error(`its ${otherwise}`);
  }
}
