import { addressOfHost } from "../../address/url-host.ts";
import { requestsAsGo, trusting } from "../../tls/as-go.ts";
import type { Authentication } from "../credentials/authentication.ts";
import type { Credentials } from "../credentials/credentials.ts";
import { leaveKept, overKept } from "./kept-connections.ts";
import { orAbort } from "./or-abort.ts";
import type { ApiPath } from "./path.ts";

/** What `fetch` gets besides how it connects. */
export interface Request {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Sends a request to the API server, again where its authorities could not be used as they are but some of them can.
 *
 * @throws the plain error of `fetch`; IpamError kubernetesRefused for material that cannot be used.
 */
export async function reach(
  credentials: Pick<Credentials, "server" | "proxy" | "examined" | "lookAtCertificate">,
  path: ApiPath,
  authentication: Authentication,
  request: Request,
): Promise<Response> {
  const response = await send(credentials, path, authentication, request).catch(async (error) => {
    if (!isUnconnected(error)) leaveKept(credentials);
    // Before anything was sent: Bun says no more where it cannot read what it is to trust.
    if (codeOf(error) !== "FailedToOpenSocket") throw error;
    const tls = await credentials.examined(authentication.tls);
    if (tls.ca === authentication.tls.ca) throw error;
    return send(credentials, path, { ...authentication, tls }, request);
  });
  if (response.status === 401) await credentials.lookAtCertificate();
  return response;
}

/**
 * Sends a request to the API server, over a connection that was kept where there is one. It follows no redirect, which
 * could lead the token elsewhere; a proxy of `false`, which Bun's types do not know, keeps Bun from reading one from the
 * environment; no variable of the environment turns
 * off that certificates are checked.
 *
 * By itself Bun asks for a name's addresses without those of a family that no interface but loopback has (AI_ADDRCONFIG):
 * a name of 127.0.0.1 would lead nowhere on a node whose network is IPv6. So each address of the name is tried where no
 * connection came about, which is before anything was sent.
 *
 * @throws the plain error of `fetch`.
 */
async function send(
  credentials: Pick<Credentials, "server" | "proxy">,
  path: ApiPath,
  { headers, tls }: Authentication,
  request: Request,
): Promise<Response> {
  const { proxy, server } = credentials;
  const { hostname, host } = new URL(server);
  const trust = server.startsWith("https:") ? overKept(credentials, trusting(tls.ca)) : {};
  const sendTo = (to: string, also: Readonly<Record<string, string>>, serverName: string | undefined) =>
    fetch(to + path, {
      ...request,
      headers: { ...headers, ...request.headers, ...also },
      tls: {
        ...requestsAsGo(serverName ?? hostname),
        ...tls,
        ...trust,
        ...(serverName !== undefined && { serverName }),
      },
      redirect: "manual",
      proxy: (proxy ?? false) as string,
    });
  try {
    return await sendTo(server, {}, tls.serverName);
  } catch (error) {
    if (proxy !== undefined || addressOfHost(hostname) !== undefined || !isUnconnected(error)) throw error;
    for (const address of await addressesOf(hostname, request.signal)) {
      try {
        const at = server.replace(host, host.replace(hostname, address));
        return await sendTo(at, { Host: host }, tls.serverName ?? hostname);
      } catch (further) {
        if (!isUnconnected(further)) throw further;
      }
    }
    throw error;
  }
}

/** Whether no connection came about, so that nothing was sent over it. */
export function isUnconnected(error: unknown): boolean {
  return UNCONNECTED.includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const UNCONNECTED: readonly string[] = [
  "EAI_AGAIN",
  "ENOTFOUND",
  "ECONNREFUSED",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "EADDRNOTAVAIL",
  "ConnectionRefused",
  "FailedToOpenSocket",
];

/** As they stand in a URL; none where the name cannot be resolved. @throws the reason of `signal` */
async function addressesOf(name: string, signal: AbortSignal): Promise<string[]> {
  const { lookup } = await import("node:dns/promises");
  const asked = lookup(name, { all: true, hints: 0 }).catch(() => []);
  const found = await orAbort(asked, signal);
  return found.map(({ address, family }) => (family === 6 ? `[${address}]` : address));
}
