import "reflect-metadata";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

/** Paths of the files that one party of a mutual TLS connection needs. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly trustedCaFile: string;
}

export interface CertificateWish {
  /** Common name; etcd takes it for the user's name when authentication is on. */
  readonly name: string;
  /** Kubernetes takes it for the user's group. */
  readonly organization?: string;
  /** Host names and IP addresses of a server; [] for a client. */
  readonly hosts?: readonly string[];
  /** Days from now; negative: in the past. Defaults -1 and 30. */
  readonly fromDay?: number;
  readonly untilDay?: number;
}

/** A certificate authority made on the spot, which writes what it issues into one folder. */
export interface Authority {
  readonly caFile: string;
  issue(wish: CertificateWish): Promise<CertificateFiles>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 24 * 3600 * 1000;

/** Makes an authority called `name`; its certificate lies in `folder`/`name`.crt. */
export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: day(-2),
    notAfter: day(30),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const caFile = join(folder, `${name}.crt`);
  writeFileSync(caFile, certificate.toString("pem"));
  return { caFile, issue: (wish) => issue(folder, caFile, certificate, keys.privateKey, wish) };
}

async function issue(
  folder: string,
  caFile: string,
  ca: x509.X509Certificate,
  caKey: CryptoKey,
  wish: CertificateWish,
): Promise<CertificateFiles> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: wish.organization === undefined ? `CN=${wish.name}` : `CN=${wish.name},O=${wish.organization}`,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKey,
    signingAlgorithm: ALGORITHM,
    notBefore: day(wish.fromDay ?? -1),
    notAfter: day(wish.untilDay ?? 30),
    extensions: extensionsFor(wish.hosts ?? []),
  });
  const stem = join(folder, `${wish.name}-${crypto.randomUUID().slice(0, 8)}`);
  const files = { certFile: `${stem}.crt`, keyFile: `${stem}.key`, trustedCaFile: caFile };
  writeFileSync(files.certFile, certificate.toString("pem"));
  writeFileSync(files.keyFile, await privateKeyPem(keys.privateKey), { mode: 0o600 });
  return files;
}

function extensionsFor(hosts: readonly string[]): x509.Extension[] {
  const names = hosts.map(
    (host) => ({ type: /^[0-9.]+$|:/.test(host) ? "ip" : "dns", value: host }) as const,
  );
  return [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function day(offset: number): Date {
  return new Date(Date.now() + offset * DAY);
}
