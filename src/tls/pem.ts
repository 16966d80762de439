/** What is wrong, and what to do: for a message. */
export interface TlsFault {
  readonly reason: string;
  readonly remedy: string;
}

/** The remedy for text that is not what it should be. */
export const EXPECTED_PEM = "expected PEM text; correct the file or the configuration";

/**
 * What is visibly wrong with the text of certificates; undefined: nothing, as far as its outline shows. Costs nothing,
 * so that a plugin can look at each start: without any certificate the authorities of the system would be trusted.
 *
 * @param label names the text: "etcdTrustedCAFile /etc/ca.pem".
 */
export function certificateTextFault(text: string, label: string): TlsFault | undefined {
  if (CERTIFICATE.test(text)) return undefined;
  return absent(text, label, "no certificate");
}

/** The certificates of a bundle, without what stands between them and would make others refuse all of it. */
export function certificateBlocks(text: string): string[] {
  return text.match(CERTIFICATES) ?? [];
}

/** The same for a private key, which must not be encrypted: nobody is there to type a passphrase. */
export function keyTextFault(text: string, label: string): TlsFault | undefined {
  const [begin] = BEGIN_KEY.exec(text) ?? [];
  if (begin === undefined) return absent(text, label, "no private key");
  if (!begin.includes("ENCRYPTED") && !PROC_TYPE_ENCRYPTED.test(text)) return undefined;
  return {
    reason: `${label} is encrypted`,
    remedy: "write it without a passphrase: openssl pkey -in the-encrypted.key -out a-plain.key",
  };
}

const CERTIFICATES = /^-----BEGIN CERTIFICATE-----\s[^-]+-----END CERTIFICATE-----\s*?$/gm;
const CERTIFICATE = new RegExp(CERTIFICATES.source, "m");
const BEGIN_KEY = /^-----BEGIN [A-Z ]*PRIVATE KEY-----/m;
const PROC_TYPE_ENCRYPTED = /^Proc-Type: *4, *ENCRYPTED/m;

function absent(text: string, label: string, what: string): TlsFault {
  const seen = seenIn(text);
  return {
    reason: text.trim() === "" ? `${label} is empty` : `${label} holds ${what}`,
    remedy: `${seen && `${seen}; `}${EXPECTED_PEM}`,
  };
}

/** What it looks like instead; "" where that cannot be told. */
function seenIn(text: string): string {
  if (BEGIN_KEY.test(text)) return "it is a private key";
  if (CERTIFICATE.test(text)) return "it is a certificate";
  if (/^\ufeff/.test(text)) return "it begins with a byte order mark, which hides the first line";
  if (text.startsWith("0") && text.includes("\ufffd")) return "it is DER";
  if (text.includes("\0")) return "it is not UTF-8, perhaps UTF-16";
  if (/-----BEGIN/.test(text)) return "it has the beginning of one in the wrong place, or without its end";
  return "";
}
