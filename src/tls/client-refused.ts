import { clientCertificateFault } from "./material-fault.ts";
import type { TlsFault } from "./pem.ts";

/** What messages about a client certificate speak of. */
export interface ClientWords {
  /** Names it: a setting with its file, or the file. */
  readonly label: string;
  /** The settings that name certificate and key. */
  readonly settings: string;
  /** Whom the server trusts: "etcd trusts (--trusted-ca-file)". */
  readonly trusted: string;
}

/**
 * Why a server ended the handshake because of the client.
 *
 * @param code as `isRefusal` knows it.
 * @param cert PEM; undefined: none was shown.
 */
export function clientRefused(code: string, cert: string | undefined, words: ClientWords): TlsFault {
  const { label, settings, trusted } = words;
  if (cert === undefined)
    return { reason: "the server wants a client certificate", remedy: `set ${settings}` };
  const fault = clientCertificateFault(cert, label);
  if (fault !== undefined) return fault;
  return {
    reason: `the server refused our certificate ${label} (${alertText(code)}): it trusts another authority`,
    remedy: `use a client certificate of the authority that ${trusted}`,
  };
}

/** "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" is "unknown ca". */
function alertText(code: string): string {
  return code
    .replace(/^.*ALERT_/, "")
    .replaceAll("_", " ")
    .toLowerCase();
}
