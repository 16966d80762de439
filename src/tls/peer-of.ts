import { withoutBrackets } from "../address/url-host.ts";
import type { Peer } from "./probe.ts";

/** Milliseconds for a second look at a server whose certificate was not accepted. */
const PATIENCE_MS = 1_000;

/**
 * Where to look again at the server of a URL.
 *
 * @param servername that its certificate must have; absent: the URL's host.
 */
export function peerOf(url: string, servername?: string): Omit<Peer, "ca"> {
  const { hostname, port } = new URL(url);
  return {
    host: withoutBrackets(hostname),
    port: Number(port || 443),
    ...(servername !== undefined && { servername }),
    patienceMs: PATIENCE_MS,
  };
}
