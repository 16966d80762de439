import { createPrivateKey, X509Certificate } from "node:crypto";
import type { TlsMaterial } from "./tls-files.ts";

/** What is wrong, and what to do. */
type Fault = [reason: string, remedy: string];

/** Why the server refused the client certificate with the TLS alert `code`, and what to do. */
export function examineCertificate(tls: TlsMaterial | undefined, code: string): Fault {
  if (tls?.cert === undefined) {
    return ["the server wants a client certificate", "set etcdCertFile and etcdKeyFile"];
  }
  const path = tls.files.certFile;
  const certificate = new X509Certificate(tls.cert);
  const [from, until] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  if (until.getTime() < Date.now()) {
    return [
      `our certificate ${path} expired on ${day(until)}`,
      "renew it; kube-ipam reads the new one without a restart",
    ];
  }
  if (from.getTime() > Date.now()) {
    return [`our certificate ${path} is not valid before ${day(from)}`, "compare the clocks of the machines"];
  }
  return [
    `the server refused our certificate ${path} (${alertText(code)}): it trusts another authority`,
    "use a client certificate of the authority that etcd trusts (--trusted-ca-file)",
  ];
}

/** Which certificate file is wrong, for a connection that could not even be set up, and what to do. */
export function examineFiles({ files, cert, key, ca }: TlsMaterial, error: unknown): Fault {
  const remedy = "expected PEM text; correct the file or the configuration";
  if (ca !== undefined && !works(() => new X509Certificate(ca))) {
    return [`etcdTrustedCAFile ${files.trustedCaFile} holds no certificate`, remedy];
  }
  if (cert !== undefined && !works(() => new X509Certificate(cert))) {
    return [`etcdCertFile ${files.certFile} holds no certificate`, remedy];
  }
  if (key !== undefined && !works(() => createPrivateKey(key))) {
    return [`etcdKeyFile ${files.keyFile} holds no private key`, remedy];
  }
  if (
    cert !== undefined &&
    key !== undefined &&
    !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  ) {
    return [
      `the key in ${files.keyFile} does not belong to the certificate in ${files.certFile}`,
      "put a certificate and its own key there",
    ];
  }
  return [`TLS cannot be set up: ${error instanceof Error ? error.message : String(error)}`, remedy];
}

function works(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" is "unknown ca". */
function alertText(code: string): string {
  return code
    .replace(/^.*ALERT_/, "")
    .replaceAll("_", " ")
    .toLowerCase();
}
