import { StoreFailure } from "../../../ipam/store-port.ts";
import { peerOf } from "../../../tls/peer-of.ts";
import type { TlsFault } from "../../../tls/pem.ts";
import {
  isMisuse,
  isNothingInCommon,
  isRefusal,
  isVerificationCode,
  NOTHING_IN_COMMON,
} from "../../../tls/verification.ts";
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
  const refused = (reason: string, remedy: string): DialFailure => ({
    endpoint,
    kind: "refused",
    reason,
    remedy,
  });
  if (error instanceof StoreFailure) return refused(error.message, error.remedy);
  if (isVerificationCode(code)) {
    const { reason, remedy } = await serverFault(endpoint, code, error, tls);
    return refused(reason, remedy);
  }
  if (isNothingInCommon(code)) return refused(NOTHING_IN_COMMON.reason, NOTHING_IN_COMMON.remedy);
  if (isRefusal(code)) return refused(...(await ownCertificateFault(tls, code)));
  if (tls !== undefined && (isMisuse(code) || /^ERR_(OSSL|BORINGSSL)/.test(code)))
    return refused(...(await unusableFile(tls, code, error)));
  return { endpoint, kind: "unavailable", reason: networkReason(code, error), remedy: "" };
}

function networkReason(code: string, error: unknown): string {
  if (error instanceof DialTimeout) return error.message;
  if (code === "ECONNREFUSED") return "connection refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the host name cannot be resolved";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return "no route to the host";
  const text = textOf(error);
  if (/before secure TLS/.test(text))
    return "the connection ended in the TLS handshake (is it http, not https?)";
  if (/closed the connection at once/.test(text)) return `${text} (is it https, not http?)`;
  return text;
}

/** Only on failure, as node:crypto costs 6 ms to load. */
async function serverFault(
  endpoint: string,
  code: string,
  error: unknown,
  tls: TlsMaterial | undefined,
): Promise<TlsFault> {
  const { peerFault } = await import("../../../tls/peer-fault.ts");
  return peerFault(code, textOf(error), {
    at: peerOf(endpoint),
    ca: tls?.ca,
    authority: tls?.files.trustedCaFile ?? "",
    setting: "etcdTrustedCAFile",
  });
}

async function ownCertificateFault(tls: TlsMaterial | undefined, code: string): Promise<[string, string]> {
  const { examineCertificate } = await import("./certificate-check.ts");
  return examineCertificate(tls, code);
}

async function unusableFile(tls: TlsMaterial, code: string, error: unknown): Promise<[string, string]> {
  const { examineFiles } = await import("./certificate-check.ts");
  return examineFiles(tls, code, error);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
