import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import { cannotListen, hostAndPort } from "../../runtime/listen-address.ts";
import type { SecureApp } from "../context/secure-app.ts";
import { Bodies } from "./bodies.ts";
import { Connections } from "./connections.ts";
import { SERVING_LIMITS, type ServingLimits } from "./limits.ts";

/** PEM texts. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface HttpsServer {
  readonly port: number;
  /** New connections get this certificate; those that are there go on. */
  use(serving: ServingCertificate): void;
  /** Client certificates signed by these authorities (PEM) count as authorized; all others may still connect. */
  trustClients(authorities: string): void;
  stop(): Promise<void>;
}

/** What is served, to whom. */
export interface Served {
  readonly app: SecureApp;
  /** Whether a request's body is worth reading; without it the application sees an empty one. */
  readonly mayBring: (request: IncomingMessage) => boolean;
  readonly limits?: ServingLimits;
}

/**
 * Serves an application over HTTPS. node:tls in front of node:http, because Bun.serve neither shows
 * the peer's certificate nor takes a new one of its own. Whoever connects takes no more than the limits
 * say, of connections, time and memory.
 *
 * @throws IpamError invalidConfig for an address that cannot be listened on.
 */
export async function listenHttps(
  listen: string,
  { app, mayBring, limits = SERVING_LIMITS }: Served,
  serving: ServingCertificate,
): Promise<HttpsServer> {
  const { host, port } = hostAndPort("--listen-tls", listen);
  let now = serving;
  let authorities: string | undefined;
  const options = () => ({
    cert: now.certificate,
    key: now.key,
    requestCert: true,
    rejectUnauthorized: false,
    // Until the authorities are known, none is trusted; without `ca`, all public ones would be.
    ca: authorities ?? now.certificate,
  });
  const connections = new Connections(limits);
  const answer = answering(app, mayBring, connections, new Bodies(limits));
  const http = createHttpServer((request, response) => void answer(request, response));
  http.keepAliveTimeout = limits.idleMs;
  http.on("clientError", (_failure, socket) => socket.destroy());
  const tls = createTlsServer(options(), (socket) => {
    connections.enter(socket, "headers");
    http.emit("connection", socket);
  });
  tls.on("connection", (socket: TLSSocket) => {
    socket.on("error", () => socket.destroy());
    connections.take(socket);
  });
  tls.on("tlsClientError", (_failure, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    tls.once("error", (failure) => reject(cannotListen("--listen-tls", listen, failure)));
    tls.listen(port, host, resolve);
  });
  const address = tls.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    use: (next) => {
      now = next;
      tls.setSecureContext(options());
    },
    trustClients: (text) => {
      authorities = text;
      tls.setSecureContext(options());
    },
    stop: async () => {
      tls.close();
      connections.closeAll();
    },
  };
}

/** Answers one request of a connection after the other. */
function answering(
  app: SecureApp,
  mayBring: Served["mayBring"],
  connections: Connections,
  bodies: Bodies,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return async (request, response) => {
    const socket = request.socket as TLSSocket;
    const phase = connections.phaseOf(socket);
    // Nobody who calls us asks again before the answer; a flood would.
    if (phase !== "headers" && phase !== "idle") return void socket.destroy();
    connections.enter(socket, "body");
    const unread = !mayBring(request) && hasBody(request);
    if (unread) request.resume();
    const read = unread ? undefined : await bodies.read(request);
    connections.enter(socket, "answer");
    if (read === "gone") return void socket.destroy();
    if (typeof read !== "object") response.setHeader("Connection", "close");
    response.once("close", () => {
      if (typeof read === "object") read.release();
      if (typeof read === "object") connections.enter(socket, "idle");
      else socket.destroy();
    });
    if (typeof read === "number") return refuse(response, read);
    // What @hono/node-server takes in the stream's place.
    Object.assign(request, { rawBody: read?.bytes ?? Buffer.alloc(0) });
    await listener(request, response);
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function refuse(response: ServerResponse, status: 413 | 503): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain");
  if (status === 503) response.setHeader("Retry-After", "1");
  response.end(status === 413 ? "the body is too large\n" : "too many large requests at once: try again\n");
}
