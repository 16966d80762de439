import { createPrivateKey, X509Certificate } from "node:crypto";
import { certificatesIn, dateFault } from "./certificates.ts";
import { certificateBlocks, certificateTextFault, EXPECTED_PEM, keyTextFault, type TlsFault } from "./pem.ts";
import { isMisuse } from "./verification.ts";

/** What a client shows and trusts, as PEM. */
export interface Material {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What its parts are called in messages: a setting and its file. */
export interface Labels {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** What keeps this material from being used for any connection; undefined: nothing. Never shows what is in it. */
export async function materialFault(
  { ca, cert, key }: Material,
  labels: Labels,
): Promise<TlsFault | undefined> {
  return (
    (ca === undefined ? undefined : authorityFault(ca, labels.ca)) ??
    (cert === undefined ? undefined : certificateFault(cert, labels.cert)) ??
    (key === undefined ? undefined : keyFault(key, labels.key)) ??
    (cert === undefined || key === undefined ? undefined : await pairFault(cert, key, labels))
  );
}

function authorityFault(ca: string, label: string): TlsFault | undefined {
  const fault = certificateTextFault(ca, label);
  if (fault !== undefined || certificatesIn(ca).length > 0) return fault;
  return { reason: `${label} holds no certificate that can be read`, remedy: EXPECTED_PEM };
}

/** Which of several certificates in one text cannot be read, for who needs them all. */
export function brokenCertificate(text: string, label: string): TlsFault | undefined {
  const blocks = certificateBlocks(text);
  const broken = blocks.findIndex((block) => certificatesIn(block).length === 0);
  if (broken < 0) return undefined;
  return {
    reason: `${label} holds a certificate that cannot be read: number ${broken + 1} of ${blocks.length}`,
    remedy: EXPECTED_PEM,
  };
}

function certificateFault(cert: string, label: string): TlsFault | undefined {
  const fault = certificateTextFault(cert, label);
  if (fault !== undefined || works(() => new X509Certificate(cert))) return fault;
  return { reason: `${label} holds no certificate that can be read`, remedy: EXPECTED_PEM };
}

function keyFault(key: string, label: string): TlsFault | undefined {
  const fault = keyTextFault(key, label);
  if (fault !== undefined || works(() => createPrivateKey(key))) return fault;
  return { reason: `${label} holds no private key that can be read`, remedy: EXPECTED_PEM };
}

async function pairFault(cert: string, key: string, labels: Labels): Promise<TlsFault | undefined> {
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    return {
      reason: `${labels.key} does not belong to ${labels.cert}`,
      remedy: "put a certificate and its own key there",
    };
  // Loads sockets and streams: only for who shows a certificate.
  const { createSecureContext } = await import("node:tls");
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    if (isMisuse(String((error as NodeJS.ErrnoException).code)))
      return { reason: `${labels.cert} ${MAY_NOT_SIGN}`, remedy: ISSUED_TO_SIGN };
    return { reason: `${labels.cert} and ${labels.key} cannot be used together`, remedy: EXPECTED_PEM };
  }
}

const MAY_NOT_SIGN = "may not be used to sign (its key usage lacks digitalSignature)";
const ISSUED_TO_SIGN = "have it issued with digitalSignature among its key usages, or without any";

/** Which certificate may not be used to sign, ours or the server's, after `isMisuse`. */
export async function misusedFault(material: Material, labels: Labels): Promise<TlsFault> {
  const fault = await materialFault(material, labels);
  return fault ?? { reason: `the server's certificate ${MAY_NOT_SIGN}`, remedy: ISSUED_TO_SIGN };
}

/** Why a server may refuse a client certificate, as far as the certificate itself shows it. */
export function clientCertificateFault(cert: string, label: string): TlsFault | undefined {
  const [certificate] = certificatesIn(cert);
  if (certificate === undefined) return undefined;
  const date = dateFault(certificate, "renew it; kube-ipam reads the new one without a restart");
  if (date !== undefined) return { ...date, reason: `our certificate ${label} ${date.reason}` };
  const purposes = certificate.keyUsage ?? [];
  if (purposes.length === 0 || purposes.some((each) => CLIENT_PURPOSES.includes(each))) return undefined;
  return {
    reason: `our certificate ${label} is not for clients (its extended key usage lacks clientAuth)`,
    remedy: "use one that was issued for client authentication",
  };
}

/** clientAuth, and any. */
const CLIENT_PURPOSES: readonly string[] = ["1.3.6.1.5.5.7.3.2", "2.5.29.37.0"];

function works(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
