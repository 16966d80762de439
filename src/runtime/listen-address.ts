import { IpamError } from "../ipam/errors.ts";

/**
 * Parses HOST:PORT of an option; without a host, it is the loopback address.
 *
 * @throws IpamError invalidConfig.
 */
export function hostAndPort(option: string, text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(text) ?? [];
  if (host === undefined) throw new IpamError("invalidConfig", `expected ${option} HOST:PORT, got '${text}'`);
  return { host: host === "" ? "127.0.0.1" : host, port: Number(port) };
}

/** The error for an address that a daemon cannot listen on. */
export function cannotListen(option: string, text: string, failure: unknown): IpamError {
  const reason = failure instanceof Error ? failure.message : String(failure);
  return new IpamError(
    "invalidConfig",
    `cannot listen on '${text}': ${reason}`,
    `give ${option} a free port`,
  );
}
