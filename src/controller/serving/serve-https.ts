import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { pause } from "../../ipam/pause.ts";
import type { ControllerContext } from "../context/context.ts";
import type { SecureApp } from "../context/secure-app.ts";
import { TroubleLog } from "../context/trouble-log.ts";
import { type SecureServer, serveSecurely } from "./https-server.ts";
import { mountRoutes } from "./routes.ts";
import type { ServingMaterial } from "./serving-material.ts";
import { sharedMaterial } from "./serving-secret.ts";
import { publishAuthorities } from "./trust-bundle.ts";

/** At most; a controller that looks more often at all else does so here too. */
const LOOK_EVERY_MS = 20_000;
const PATIENCE_MS = 10_000;
/** Bytes. Kubernetes takes objects of up to 3 MB, and an AdmissionReview brings two of them. */
const LARGEST_BODY = 8 * 1024 * 1024;

/**
 * The controller's HTTPS side until `signal` aborts: waits for its certificate, serves, and takes up
 * every new certificate without a restart.
 *
 * @throws IpamError invalidConfig for an address that cannot be listened on.
 */
export async function serveFace(
  listen: string,
  context: ControllerContext,
  serving: () => void,
  signal: AbortSignal,
): Promise<void> {
  let server: SecureServer | undefined;
  let used: ServingMaterial | undefined;
  let trusted: string | undefined;
  const troubles = {
    certificate: new TroubleLog(context.log, "the serving certificate could not be looked after"),
    clients: new TroubleLog(context.log, "whom the API server speaks for others as could not be read"),
  };
  while (!signal.aborted) {
    const material = await agreedMaterial(context, troubles.certificate);
    if (material !== undefined && server === undefined) {
      server = await serveSecurely(listen, makeApp(context), material);
      serving();
    } else if (material !== undefined && material.certificate !== used?.certificate) {
      server?.use(material);
      context.log("info", "serves with a new certificate");
    }
    used = material ?? used;
    const authorities = await clientAuthorities(context, troubles.clients);
    if (authorities !== undefined && authorities !== trusted) server?.trustClients(authorities);
    trusted = server && authorities;
    await pause(server === undefined ? 1_000 : Math.min(LOOK_EVERY_MS, context.intervalMs), signal);
  }
  await server?.stop();
}

/** The API server is told whom to trust before anything signed by it is shown. */
async function agreedMaterial(
  context: ControllerContext,
  trouble: TroubleLog,
): Promise<ServingMaterial | undefined> {
  const { api, namespace, service } = context;
  const deadline = performance.now() + PATIENCE_MS;
  try {
    const name = { namespace, name: `${service}-tls` };
    const material = await sharedMaterial(api, name, hostsOf(context), deadline);
    await publishAuthorities(api, material.authorities, deadline);
    trouble.worked();
    return material;
  } catch (failure) {
    trouble.failed(failure);
    return undefined;
  }
}

/** Whose clients may speak for others; where that cannot be read, what was known goes on. */
async function clientAuthorities(
  { frontProxy }: ControllerContext,
  trouble: TroubleLog,
): Promise<string | undefined> {
  try {
    await frontProxy.refresh(performance.now() + PATIENCE_MS);
    trouble.worked();
  } catch (failure) {
    trouble.failed(failure);
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
