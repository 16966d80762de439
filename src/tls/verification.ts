/**
 * Whether this is the code of a certificate that was not accepted, as OpenSSL, BoringSSL and Node.js name it: one that we
 * do not know counts too, because a server is never unreachable for it, and trying again never helps. The system calls
 * them E… (ECONNREFUSED, EAI_AGAIN), Bun's fetch ConnectionRefused.
 */
export function isVerificationCode(code: string): boolean {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return true;
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(code) && !/^(E[A-Z0-9]+|EAI_.+|ERR_.+|ABORT_ERR)$/.test(code);
}
