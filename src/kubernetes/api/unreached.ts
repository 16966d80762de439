import { IpamError } from "../../ipam/errors.ts";
import { clientRefused } from "../../tls/client-refused.ts";
import { misusedFault } from "../../tls/material-fault.ts";
import { peerFault, type RefusedPeer } from "../../tls/peer-fault.ts";
import { peerOf } from "../../tls/peer-of.ts";
import type { TlsFault } from "../../tls/pem.ts";
import { probe } from "../../tls/probe.ts";
import {
  isMisuse,
  isNothingInCommon,
  isRefusal,
  isVerificationCode,
  NOTHING_IN_COMMON,
} from "../../tls/verification.ts";
import type { Authentication } from "../credentials/authentication.ts";
import type { Credentials } from "../credentials/credentials.ts";

/** A request that did not come through. */
export interface Unreached {
  readonly error: unknown;
  /** What it was to be made with; undefined where it came to none. */
  readonly tls: Authentication["tls"] | undefined;
}

/**
 * The error for a failed connection: certificates need a person, everything else is worth another try. Looks at the
 * server once more where that tells what is wrong with its certificate. Never rejects.
 */
export async function unreachable(
  credentials: Credentials,
  { error, tls: tried }: Unreached,
): Promise<IpamError> {
  const { server, source } = credentials;
  const tls = tried && (await credentials.examined(tried).catch(() => tried));
  const reason = reasonOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (isVerificationCode(code)) {
    const fault = await peerFault(code, reason, refusedPeer(credentials, tls));
    return new IpamError(
      "kubernetesRefused",
      `the API server's certificate at ${server} is not trusted: ${fault.reason}`,
      `${fault.remedy}; check certificate-authority and server in ${source}`,
    );
  }
  if (CERTIFICATE_FAULT.test(`${code} ${reason}`)) {
    return new IpamError(
      "kubernetesRefused",
      `the API server's certificate at ${server} is not trusted: ${reason}`,
      `check certificate-authority and server in ${source}, and the certificate's names and dates`,
    );
  }
  const fault = code === "EPROTO" ? await handshakeFault(credentials, tls) : undefined;
  if (fault !== undefined)
    return new IpamError(
      "kubernetesRefused",
      `the API server at ${server} cannot be reached: ${fault.reason}`,
      fault.remedy,
    );
  return new IpamError(
    "tryAgain",
    `the API server at ${server} cannot be reached: ${reason}`,
    "it is worth another try",
  );
}

/** Bun's fetch does not say why a handshake failed. Undefined where a second one does not tell either. */
async function handshakeFault(
  credentials: Credentials,
  tls: Authentication["tls"] | undefined,
): Promise<TlsFault | undefined> {
  const { at, ca } = refusedPeer(credentials, tls);
  if (at === undefined) return undefined;
  const own = { ...(tls?.cert && { cert: tls.cert }), ...(tls?.key && { key: tls.key }) };
  const { code } = await probe({ ...at, ca, ...own });
  if (isNothingInCommon(code)) return NOTHING_IN_COMMON;
  if (isMisuse(code)) return misusedFault({}, credentials.labels);
  if (!isRefusal(code)) return undefined;
  return clientRefused(code, tls?.cert, {
    label: credentials.labels.cert,
    settings: "client-certificate and client-key",
    trusted: "the API server trusts (--client-ca-file)",
  });
}

function refusedPeer(
  { server, proxy, authority }: Credentials,
  tls: Authentication["tls"] | undefined,
): RefusedPeer {
  return {
    at: proxy === undefined ? peerOf(server, tls?.serverName) : undefined,
    ca: tls?.ca,
    authority,
    setting: "certificate-authority",
  };
}

/** What `fetch` says, without Bun's advice for the author of a program. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(FETCH_HINT, "");
}

const FETCH_HINT =
  /\.? (For more information, pass `verbose: true`|Is the computer able to access the url\?).*$/;

/** What else OpenSSL and Bun say of certificates that cannot be verified. */
const CERTIFICATE_FAULT = /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALTNAME|certificate|ERR_SSL|ERR_TLS/i;
