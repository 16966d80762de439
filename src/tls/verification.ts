/**
 * Whether this is the code of a certificate that was not accepted, as OpenSSL, BoringSSL and Node.js name it: one that we
 * do not know counts too, because a server is never unreachable for it, and trying again never helps. The system calls
 * them E… (ECONNREFUSED, EAI_AGAIN), Bun's fetch ConnectionRefused.
 */
export function isVerificationCode(code: string): boolean {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return true;
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(code) && !/^(E[A-Z0-9]+|EAI_.+|ERR_.+|ABORT_ERR)$/.test(code);
}

/** Whether the server ended the handshake because it speaks no TLS that we do. */
export function isNothingInCommon(code: string): boolean {
  return /ALERT_(HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY)$|_UNSUPPORTED_PROTOCOL$/.test(
    code,
  );
}

/** Whether the server ended the handshake because of the client's certificate, or for want of one. */
export function isRefusal(code: string): boolean {
  return /^ERR_SSL_.*ALERT/.test(code) && !isNothingInCommon(code);
}

/** Whether a certificate, ours or the server's, says that its key may not sign, as each handshake here needs. */
export function isMisuse(code: string): boolean {
  return code.endsWith("KEY_USAGE_BIT_INCORRECT");
}

/** For such a server. */
export const NOTHING_IN_COMMON = {
  reason:
    "the server speaks no TLS in common with this program: another version, other ciphers, or a key on another curve",
  remedy: "kube-ipam speaks TLS 1.2 and 1.3, with keys of RSA, Ed25519 and the curves P-256, P-384 and P-521",
} as const;
