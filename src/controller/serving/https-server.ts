import { createServer as createHttpServer } from "node:http";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import { cannotListen, hostAndPort } from "../../runtime/listen-address.ts";
import type { SecureApp } from "../context/secure-app.ts";

/** PEM texts. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface HttpsServer {
  /** New connections get this certificate; those that are there go on. */
  use(serving: ServingCertificate): void;
  /** Client certificates signed by these authorities (PEM) count as authorized; all others may still connect. */
  trustClients(authorities: string): void;
  stop(): Promise<void>;
}

/**
 * Serves an application over HTTPS. node:tls in front of node:http, because Bun.serve neither shows
 * the peer's certificate nor takes a new one of its own.
 *
 * @throws IpamError invalidConfig for an address that cannot be listened on.
 */
export async function listenHttps(
  listen: string,
  app: SecureApp,
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
  const http = createHttpServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const open = new Set<TLSSocket>();
  const tls = createTlsServer(options(), (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    http.emit("connection", socket);
  });
  await new Promise<void>((resolve, reject) => {
    tls.once("error", (failure) => reject(cannotListen("--listen-tls", listen, failure)));
    tls.listen(port, host, resolve);
  });
  return {
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
      for (const socket of open) socket.destroy();
    },
  };
}
