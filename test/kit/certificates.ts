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
  /** Default both. */
  readonly purposes?: readonly ("clientAuth" | "serverAuth")[];
  /** Default: says nothing of it. */
  readonly usages?: readonly (keyof typeof x509.KeyUsageFlags)[];
  readonly curve?: "P-256" | "P-521";
}

/** How an authority is made; by default one that is valid. */
export interface AuthorityWish {
  readonly fromDay?: number;
  readonly untilDay?: number;
  /** False: its certificate says that it is none. Default true. */
  readonly isAuthority?: boolean;
}

/** A certificate authority made on the spot, which writes what it issues into one folder. */
export interface Authority {
  readonly caFile: string;
  issue(wish: CertificateWish): Promise<CertificateFiles>;
  /** Another authority, signed by this one: what it issues brings its certificate along. */
  intermediate(name: string): Promise<Authority>;
  /** The path of another certificate for the same name and key. */
  again(wish: AuthorityWish): Promise<string>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 24 * 3600 * 1000;

/** Makes an authority called `name`; its certificate lies in `folder`/`name`.crt. */
export async function makeAuthority(
  folder: string,
  name: string,
  wish: AuthorityWish = {},
): Promise<Authority> {
  const keys = await generate();
  const certificate = await certify(name, keys, wish);
  return authorityOf({ folder, name, keys, certificate, chain: "" });
}

interface Parts {
  readonly folder: string;
  readonly name: string;
  readonly keys: CryptoKeyPair;
  readonly certificate: x509.X509Certificate;
  /** What follows the certificates that it issues. */
  readonly chain: string;
}

function authorityOf({ folder, name, keys, certificate, chain }: Parts): Authority {
  const caFile = join(folder, `${name}.crt`);
  writeFileSync(caFile, certificate.toString("pem"));
  const signer = { certificate, key: keys.privateKey };
  return {
    caFile,
    issue: (wish) => issue(folder, caFile, signer, wish, chain),
    intermediate: async (below) => {
      const own = await generate();
      const signed = await certify(below, own, {}, signer);
      return authorityOf({
        folder,
        name: below,
        keys: own,
        certificate: signed,
        chain: `${signed.toString("pem")}\n${chain}`,
      });
    },
    again: async (wish) => {
      const path = join(folder, `${name}-${crypto.randomUUID().slice(0, 8)}.crt`);
      writeFileSync(path, (await certify(name, keys, wish)).toString("pem"));
      return path;
    },
  };
}

interface Signer {
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

function certify(name: string, keys: CryptoKeyPair, wish: AuthorityWish, by?: Signer) {
  return x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: by?.certificate.subject ?? `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: by?.key ?? keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: day(wish.fromDay ?? -2),
    notAfter: day(wish.untilDay ?? 30),
    extensions: [
      new x509.BasicConstraintsExtension(wish.isAuthority ?? true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
}

function generate(curve: CertificateWish["curve"] = "P-256"): Promise<CryptoKeyPair> {
  const algorithm = { ...ALGORITHM, namedCurve: curve };
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

async function issue(
  folder: string,
  caFile: string,
  signer: Signer,
  wish: CertificateWish,
  chain: string,
): Promise<CertificateFiles> {
  const keys = await generate(wish.curve);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: wish.organization === undefined ? `CN=${wish.name}` : `CN=${wish.name},O=${wish.organization}`,
    issuer: signer.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: signer.key,
    signingAlgorithm: ALGORITHM,
    notBefore: day(wish.fromDay ?? -1),
    notAfter: day(wish.untilDay ?? 30),
    extensions: extensionsFor(wish),
  });
  const stem = join(folder, `${wish.name}-${crypto.randomUUID().slice(0, 8)}`);
  const files = { certFile: `${stem}.crt`, keyFile: `${stem}.key`, trustedCaFile: caFile };
  writeFileSync(files.certFile, `${certificate.toString("pem")}\n${chain}`);
  writeFileSync(files.keyFile, await privateKeyPem(keys.privateKey), { mode: 0o600 });
  return files;
}

function extensionsFor({
  hosts = [],
  purposes = ["clientAuth", "serverAuth"],
  usages = [],
}: CertificateWish): x509.Extension[] {
  const names = hosts.map(
    (host) => ({ type: /^[0-9.]+$|:/.test(host) ? "ip" : "dns", value: host }) as const,
  );
  return [
    new x509.ExtendedKeyUsageExtension(purposes.map((each) => x509.ExtendedKeyUsage[each])),
    ...(usages.length > 0
      ? [new x509.KeyUsagesExtension(usages.reduce((all, each) => all | x509.KeyUsageFlags[each], 0))]
      : []),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function day(offset: number): Date {
  return new Date(Date.now() + offset * DAY);
}
