import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** A certificate and its key as PEM texts. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface Lifetime {
  readonly from: Date;
  readonly until: Date;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A new certificate authority. */
export async function makeAuthority(lifetime: Lifetime): Promise<Pair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // Each has a name of its own, so that old and new ones can stand in one bundle.
    name: `CN=kube-ipam controller CA ${crypto.randomUUID()}`,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: lifetime.from,
    notAfter: lifetime.until,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
}

/** A new serving certificate for these names and addresses, signed by the authority. */
export async function issueServing(
  authority: Pair,
  hosts: readonly string[],
  lifetime: Lifetime,
): Promise<Pair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${hosts[0]}`,
    issuer: new x509.X509Certificate(authority.certificate).subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: ALGORITHM,
    notBefore: lifetime.from,
    notAfter: lifetime.until,
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hosts.map(nameOf)),
    ],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
}

/** What a PEM text says of the first certificate in it; undefined for what is none. */
export function readCertificate(
  text: string,
): { readonly hosts: readonly string[]; readonly until: Date } | undefined {
  try {
    const certificate = new x509.X509Certificate(text);
    const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
    return { hosts: names.map(({ value }) => value), until: certificate.notAfter };
  } catch {
    return undefined;
  }
}

function nameOf(host: string): { type: "ip" | "dns"; value: string } {
  return { type: /^[0-9.]+$|:/.test(host) ? "ip" : "dns", value: host };
}

function importKey(text: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(text), ALGORITHM, false, ["sign"]);
}

async function keyPem(key: CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
