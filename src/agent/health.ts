import { Hono } from "hono";
import { IpamError } from "../ipam/errors.ts";
import type { Metrics } from "./metrics.ts";

export interface HealthOptions {
  /** host:port */
  readonly listen: string;
  readonly metrics: Metrics;
  /** Why verbs are not served at the moment; undefined while they are. */
  readonly unready: () => string | undefined;
}

/**
 * /healthz, /readyz and /metrics over HTTP.
 *
 * @throws IpamError invalidConfig for an address that cannot be listened on.
 */
export function serveHealth({ listen, metrics, unready }: HealthOptions): { stop(): Promise<void> } {
  const app = new Hono();
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", (context) => {
    const reason = unready();
    return reason === undefined ? context.text("ok\n") : context.text(`${reason}\n`, 503);
  });
  app.get("/metrics", async (context) =>
    context.body(await metrics.registry.metrics(), 200, { "Content-Type": metrics.registry.contentType }),
  );
  const server = listenOn(listen, (request) => app.fetch(request));
  return { stop: () => server.stop(true) };
}

function listenOn(listen: string, fetch: (request: Request) => Response | Promise<Response>) {
  const [, host, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(listen) ?? [];
  if (host === undefined) {
    throw new IpamError("invalidConfig", `expected --listen HOST:PORT, got '${listen}'`);
  }
  try {
    return Bun.serve({ hostname: host === "" ? "127.0.0.1" : host, port: Number(port), fetch });
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "invalidConfig",
      `cannot listen on '${listen}': ${reason}`,
      "give --listen a free port",
    );
  }
}
