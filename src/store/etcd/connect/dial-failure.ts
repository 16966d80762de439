import { StoreFailure } from "../../../ipam/store-port.ts";
import { DialTimeout } from "./connection.ts";
import type { TlsMaterial } from "./tls-files.ts";

/** Why one endpoint could not be used. */
export interface DialFailure {
  readonly endpoint: string;
  /** "refused": a person must act; "unavailable": it may pass by itself. */
  readonly kind: "refused" | "unavailable";
  readonly reason: string;
  readonly remedy: string;
}

/** Explains an error of `openConnection`, with the file at fault where there is one. Never rejects. */
export async function explainDial(
  endpoint: string,
  error: unknown,
  tls: TlsMaterial | undefined,
): Promise<DialFailure> {
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  const files = tls?.files;
  const refused = (reason: string, remedy: string): DialFailure => ({
    endpoint,
    kind: "refused",
    reason,
    remedy,
  });
  if (error instanceof StoreFailure) return refused(error.message, error.remedy);
  if (UNKNOWN_AUTHORITY.includes(code)) {
    return files?.trustedCaFile === undefined
      ? refused(
          "this machine trusts no authority that signed the server's certificate",
          "set etcdTrustedCAFile",
        )
      : refused(
          `the server's certificate was not signed by the authority in ${files.trustedCaFile}`,
          "put the authority that signed the servers' certificates into etcdTrustedCAFile",
        );
  }
  const serverFault = SERVER_FAULTS[code];
  if (serverFault !== undefined) return refused(...serverFault);
  if (/^ERR_SSL_.*ALERT/.test(code)) return refused(...(await ownCertificateFault(tls, code)));
  if (tls !== undefined && /^ERR_(OSSL|BORINGSSL)/.test(code))
    return refused(...(await unusableFile(tls, error)));
  return { endpoint, kind: "unavailable", reason: networkReason(code, error), remedy: "" };
}

const UNKNOWN_AUTHORITY: readonly string[] = [
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
];

const SERVER_FAULTS: Readonly<Record<string, [string, string]>> = {
  CERT_HAS_EXPIRED: ["the server's certificate has expired", "renew it on the etcd member"],
  CERT_NOT_YET_VALID: ["the server's certificate is not yet valid", "compare the clocks of the machines"],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "the server's certificate is not for this host",
    "use a name that is in the certificate, or add this one to it",
  ],
};

function networkReason(code: string, error: unknown): string {
  if (error instanceof DialTimeout) return error.message;
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the host name cannot be resolved";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return "no route to the host";
  const text = error instanceof Error ? error.message : String(error);
  if (/before secure TLS/.test(text))
    return "the connection ended in the TLS handshake (is it http, not https?)";
  if (/closed the connection at once/.test(text)) return `${text} (is it https, not http?)`;
  return text;
}

/** Only on failure, as node:crypto costs 6 ms to load. */
async function ownCertificateFault(tls: TlsMaterial | undefined, code: string): Promise<[string, string]> {
  const { examineCertificate } = await import("./certificate-check.ts");
  return examineCertificate(tls, code);
}

async function unusableFile(tls: TlsMaterial, error: unknown): Promise<[string, string]> {
  const { examineFiles } = await import("./certificate-check.ts");
  return examineFiles(tls, error);
}
