import { X509Certificate } from "node:crypto";

const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]+-----END \1-----/g;
/** A file with more authorities than this is a collection: none of them stands for one cluster, but all together may. */
const MOST = 8;

/**
 * The public keys (DER) of the authorities in a kubeconfig's bundle that may stand for one cluster, each
 * once. Leaves out what many clusters have in common: public authorities, and one that only issued another
 * authority of the same bundle. Empty where none is left, or what is there is no certificate.
 */
export async function authorityKeys(pem: string): Promise<Uint8Array[]> {
  // Loads sockets and streams: a node asks once what its cluster is called.
  const { rootCertificates } = await import("node:tls");
  const found = [...pem.matchAll(CERTIFICATE)].flatMap(([text]) => certificateOf(text));
  const own = found.filter((each) => !isPublic(each, rootCertificates) && !hasIssuedOther(each, found));
  const keys = new Map(own.map((each) => [keyOf(each).toString("base64"), keyOf(each)]));
  const sorted = [...keys].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, key]) => key);
  return sorted.length > MOST ? [Buffer.concat(sorted)] : sorted;
}

function certificateOf(text: string): X509Certificate[] {
  try {
    return [new X509Certificate(text)];
  } catch {
    return [];
  }
}

function isPublic({ raw }: X509Certificate, rootCertificates: readonly string[]): boolean {
  const body = raw.toString("base64");
  return rootCertificates.some((root) => root.replace(/-----[^-]+-----|\s/g, "") === body);
}

/** A key that signs itself too is an authority of its own, which another one has only signed across. */
function hasIssuedOther(issuer: X509Certificate, all: readonly X509Certificate[]): boolean {
  return all.some(
    (other) =>
      !sameKey(other, issuer) &&
      other.issuer === issuer.subject &&
      other.verify(issuer.publicKey) &&
      !all.some((each) => sameKey(each, other) && each.verify(each.publicKey)),
  );
}

function sameKey(one: X509Certificate, other: X509Certificate): boolean {
  return keyOf(one).equals(keyOf(other));
}

function keyOf({ publicKey }: X509Certificate): Buffer {
  return publicKey.export({ type: "spki", format: "der" });
}
