import { clientRefused } from "../../../tls/client-refused.ts";
import { brokenCertificate, materialFault, misusedFault } from "../../../tls/material-fault.ts";
import { EXPECTED_PEM } from "../../../tls/pem.ts";
import { isMisuse } from "../../../tls/verification.ts";
import { labelsOf, type TlsMaterial } from "./tls-files.ts";

/** What is wrong, and what to do. */
type Fault = [reason: string, remedy: string];

/** Why the server refused the client certificate with the TLS alert `code`, and what to do. */
export function examineCertificate(tls: TlsMaterial | undefined, code: string): Fault {
  const { reason, remedy } = clientRefused(code, tls?.cert, {
    label: tls?.files.certFile ?? "",
    settings: "etcdCertFile and etcdKeyFile",
    trusted: "etcd trusts (--trusted-ca-file)",
  });
  return [reason, remedy];
}

/** Which certificate is wrong, for a connection that could not even be set up, and what to do. */
export async function examineFiles(tls: TlsMaterial, code: string, error: unknown): Promise<Fault> {
  const labels = labelsOf(tls.files);
  const fault = isMisuse(code)
    ? await misusedFault(tls, labels)
    : ((await materialFault(tls, labels)) ?? brokenCertificate(tls.ca ?? "", labels.ca));
  if (fault !== undefined) return [fault.reason, fault.remedy];
  return [`TLS cannot be set up: ${error instanceof Error ? error.message : String(error)}`, EXPECTED_PEM];
}
