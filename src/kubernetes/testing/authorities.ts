import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 24 * 3600 * 1000;

/** Certificate authorities as PEM, one way and another related. */
export interface Chain {
  readonly a: string;
  /** The key of `a`, certified again for other days. */
  readonly aRenewed: string;
  readonly b: string;
  readonly bCrossSignedByA: string;
  readonly c: string;
  readonly root: string;
  readonly intermediate: string;
  readonly otherIntermediate: string;
  /** Nine of them. */
  readonly many: readonly string[];
}

/** Makes the authorities of a test. */
export async function makeChain(): Promise<Chain> {
  const [a, b, c, root] = [await keyPair(), await keyPair(), await keyPair(), await keyPair()];
  const many: string[] = [];
  for (let i = 0; i < 9; i++) many.push(await certify(`m${i}`, await keyPair()));
  return {
    a: await certify("a", a),
    aRenewed: await certify("a", a, undefined, 60),
    b: await certify("b", b),
    bCrossSignedByA: await certify("b", b, { name: "a", keys: a }),
    c: await certify("c", c),
    root: await certify("root", root),
    intermediate: await certify("i", await keyPair(), { name: "root", keys: root }),
    otherIntermediate: await certify("o", await keyPair(), { name: "root", keys: root }),
    many,
  };
}

interface Signer {
  readonly name: string;
  readonly keys: CryptoKeyPair;
}

function keyPair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

async function certify(
  name: string,
  keys: CryptoKeyPair,
  by: Signer = { name, keys },
  days = 30,
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${by.name}`,
    publicKey: keys.publicKey,
    signingKey: by.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + days * DAY),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return `${certificate.toString("pem")}\n`;
}
