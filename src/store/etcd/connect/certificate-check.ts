import { clientCertificateFault, materialFault } from "../../../tls/material-fault.ts";
import { EXPECTED_PEM } from "../../../tls/pem.ts";
import { labelsOf, type TlsMaterial } from "./tls-files.ts";

/** What is wrong, and what to do. */
type Fault = [reason: string, remedy: string];

/** Why the server refused the client certificate with the TLS alert `code`, and what to do. */
export function examineCertificate(tls: TlsMaterial | undefined, code: string): Fault {
  if (tls?.cert === undefined) {
    return ["the server wants a client certificate", "set etcdCertFile and etcdKeyFile"];
  }
  const path = tls.files.certFile ?? "";
  const fault = clientCertificateFault(tls.cert, path);
  if (fault !== undefined) return [fault.reason, fault.remedy];
  return [
    `the server refused our certificate ${path} (${alertText(code)}): it trusts another authority`,
    "use a client certificate of the authority that etcd trusts (--trusted-ca-file)",
  ];
}

/** Which certificate file is wrong, for a connection that could not even be set up, and what to do. */
export function examineFiles(tls: TlsMaterial, error: unknown): Fault {
  const fault = materialFault(tls, labelsOf(tls.files));
  if (fault !== undefined) return [fault.reason, fault.remedy];
  return [`TLS cannot be set up: ${error instanceof Error ? error.message : String(error)}`, EXPECTED_PEM];
}

/** "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" is "unknown ca". */
function alertText(code: string): string {
  return code
    .replace(/^.*ALERT_/, "")
    .replaceAll("_", " ")
    .toLowerCase();
}
