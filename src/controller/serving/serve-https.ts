import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
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
/** Bytes. Kubernetes takes objects of up to 3 MB, and an AdmissionReview brings two of them. */
const LARGEST_BODY = 8 * 1024 * 1024;

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
  };
  while (!signal.aborted) {
    const material = await currentMaterial(context, logs.certificate);
    if (material !== undefined && server === undefined) {
      server = await listenHttps(listen, makeApp(context), material);
      serving();
    } else if (material !== undefined && material.certificate !== used?.certificate) {
      server?.use(material);
      context.log("info", "serves with a new certificate");
    }
    used = material ?? used;
    const authorities = await clientAuthorities(context, logs.clients);
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
  { frontProxy }: ControllerContext,
  failures: FailureLog,
): Promise<string | undefined> {
  try {
    await frontProxy.refresh(performance.now() + PATIENCE_MS);
    failures.succeeded();
  } catch (failure) {
    failures.failed(failure);
  }
  return frontProxy.authorities;
}

function hostsOf({ namespace, service }: ControllerContext): string[] {
  const name = `${service}.${namespace}`;
  return [`${name}.svc`, service, name, `${name}.svc.cluster.local`, "localhost", "127.0.0.1"];
}

function makeApp(context: ControllerContext): SecureApp {
  const app: SecureApp = new Hono();
  app.get("/healthz", (request) => request.text("ok\n"));
  app.use(bodyLimit({ maxSize: LARGEST_BODY }));
  mountRoutes(app, context);
  return app;
}
