import { Hono } from "hono";
import type { Registry } from "prom-client";
import { visibleLine } from "../address/visible.ts";
import { cannotListen, hostAndPort } from "./listen-address.ts";

/** What a daemon shows of itself over HTTP. */
export interface HealthOptions {
  /** host:port */
  readonly listen: string;
  readonly registry: Registry;
  /** Why the daemon is not ready; undefined while it is. */
  readonly unready: () => string | undefined;
}

/**
 * Serves a daemon's /healthz, /readyz and /metrics over HTTP.
 *
 * @throws IpamError invalidConfig for an address that is wrong or in use.
 */
export function serveHealth({ listen, registry, unready }: HealthOptions): { stop(): Promise<void> } {
  const app = new Hono();
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", (context) => {
    const reason = unready();
    return reason === undefined ? context.text("ok\n") : context.text(`${visibleLine(reason)}\n`, 503);
  });
  app.get("/metrics", async (context) =>
    context.body(await registry.metrics(), 200, { "Content-Type": registry.contentType }),
  );
  const server = serveOn(listen, (request) => app.fetch(request));
  return { stop: () => server.stop(true) };
}

function serveOn(listen: string, fetch: (request: Request) => Response | Promise<Response>) {
  const { host, port } = hostAndPort("--listen", listen);
  try {
    // Nothing here takes a body.
    return Bun.serve({ hostname: host, port, fetch, maxRequestBodySize: 1_024 });
  } catch (failure) {
    throw cannotListen("--listen", listen, failure);
  }
}
