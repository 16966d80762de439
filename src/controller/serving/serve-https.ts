import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { Hono } from "hono";
import { pause } from "../../ipam/pause.ts";
import type { ControllerContext } from "../context/context.ts";
import { FailureLog } from "../context/failure-log.ts";
import type { SecureApp } from "../context/secure-app.ts";
import { type HttpsServer, listenHttps } from "./https-server.ts";
import { mountRoutes } from "./routes.ts";
import type { ServingMaterial } from "./serving-material.ts";
import { sharedMaterial } from "./serving-secret.ts";
import { publishAuthorities } from "./trust-bundle.ts";

/** At most; a controller with a shorter interval renews as often as that. */
const RENEW_EVERY_MS = 20_000;
const PATIENCE_MS = 10_000;

/**
 * Serves HTTPS until `signal` aborts: waits for its certificate, and takes every new one without a
 * restart.
 *
 * @throws IpamError invalidConfig for an address that cannot be listened on.
 */
export async function serveHttps(
  listen: string,
  context: ControllerContext,
  serving: () => void,
  signal: AbortSignal,
): Promise<void> {
  let server: HttpsServer | undefined;
  let used: ServingMaterial | undefined;
  let trusted: string | undefined;
  const logs = {
    certificate: new FailureLog(context.log, "cannot renew the serving certificate"),
    clients: new FailureLog(context.log, "cannot read how the API server's front proxy identifies itself"),
    admission: new FailureLog(context.log, "cannot read who may ask for admission"),
  };
  while (!signal.aborted) {
    const material = await currentMaterial(context, logs.certificate);
    if (material !== undefined && server === undefined) {
      server = await listenHttps(listen, { app: makeApp(context), mayBring: bodiesFrom(context) }, material);
      serving();
    } else if (material !== undefined && material.certificate !== used?.certificate) {
      server?.use(material);
      context.log("info", "serves with a new certificate");
    }
    used = material ?? used;
    const authorities = await clientAuthorities(context, logs);
    if (authorities !== undefined && authorities !== trusted) server?.trustClients(authorities);
    trusted = server && authorities;
    await pause(server === undefined ? 1_000 : Math.min(RENEW_EVERY_MS, context.intervalMs), signal);
  }
  await server?.stop();
}

/** The API server must know the authority before it sees a certificate that it signed. */
async function currentMaterial(
  context: ControllerContext,
  failures: FailureLog,
): Promise<ServingMaterial | undefined> {
  const { api, namespace, service } = context;
  const deadline = performance.now() + PATIENCE_MS;
  try {
    const name = { namespace, name: `${service}-tls` };
    const material = await sharedMaterial(api, name, hostsOf(context), deadline);
    await publishAuthorities(api, material.authorities, deadline);
    failures.succeeded();
    return material;
  } catch (failure) {
    failures.failed(failure);
    return undefined;
  }
}

/** Whose client certificates count, PEM; where that cannot be read, what was read last. */
async function clientAuthorities(
  { admissionClients, frontProxy }: ControllerContext,
  logs: { readonly clients: FailureLog; readonly admission: FailureLog },
): Promise<string | undefined> {
  await attempt(logs.admission, async () => admissionClients.refresh());
  await attempt(logs.clients, () => frontProxy.refresh(performance.now() + PATIENCE_MS));
  const known = [frontProxy.authorities, admissionClients.authorities].filter((text) => text !== undefined);
  return known.length === 0 ? undefined : known.join("\n");
}

async function attempt(failures: FailureLog, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    failures.succeeded();
  } catch (failure) {
    failures.failed(failure);
  }
}

/** A body is read only of clients that will be answered: who they are is known before. */
function bodiesFrom({ admissionClients }: ControllerContext): (request: IncomingMessage) => boolean {
  return ({ socket, url = "" }) => {
    const [path] = url.split("?");
    const client = socket as TLSSocket;
    return path === "/admission" ? admissionClients.mayAsk(client) : client.authorized;
  };
}

function hostsOf({ namespace, service }: ControllerContext): string[] {
  const name = `${service}.${namespace}`;
  return [`${name}.svc`, service, name, `${name}.svc.cluster.local`, "localhost", "127.0.0.1"];
}

function makeApp(context: ControllerContext): SecureApp {
  const app: SecureApp = new Hono();
  app.onError((failure, request) => {
    context.log("error", "cannot answer a request", { path: request.req.path, reason: failure.message });
    return request.text("cannot answer: see the controller's log\n", 500);
  });
  app.get("/healthz", (request) => request.text("ok\n"));
  mountRoutes(app, context);
  return app;
}
