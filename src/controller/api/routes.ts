import type { TLSSocket } from "node:tls";
import type { Context } from "hono";
import { tryParseAddress } from "../../address/address.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { addressesOnStore } from "../../operator/store-addresses.ts";
import { ROOT, type SeenAddress } from "../../operator/wire.ts";
import type { ControllerContext } from "../context/context.ts";
import { readJson } from "../context/read-json.ts";
import type { SecureApp } from "../context/secure-app.ts";
import { BadRequest, readRelease, readReservation } from "./bodies.ts";
import { releaseFor, reserveFor, type ScopedCall, unreserveFor } from "./change-addresses.ts";
import { API_GROUP, API_RESOURCES } from "./discovery.ts";
import { list } from "./list.ts";
import { object, type Scope } from "./objects.ts";
import { isPlain } from "./plain-path.ts";
import { absent, type Status, status, statusOf } from "./status.ts";
import { visibleIn } from "./visible.ts";
import { whyOf } from "./why.ts";

/** Less than the API server's patience with one request. */
const PATIENCE_MS = 20_000;

/**
 * The operators' API, /apis/ipam.kube-ipam.io/v1: the API server authenticates and authorises the caller
 * by RBAC, and passes the request on. A path with a namespace shows what belongs to that namespace.
 */
export function mountOperatorsApi(app: SecureApp, context: ControllerContext): void {
  app.use("/apis/*", async (request, next) => {
    const { socket, url = "" } = request.env.incoming;
    const user = context.frontProxy.userOf(socket as TLSSocket, request.req.raw.headers);
    if (user === undefined) return fail(request, UNAUTHENTICATED);
    if (!isPlain(url))
      return fail(
        request,
        status(
          400,
          "the path is not in its plain form: write it without encoded characters, '..' and empty segments",
        ),
      );
    await next();
    context.metrics.operatorRequests.inc({ code: request.res.status });
    if (request.req.method !== "GET") log(context, user, request);
    return undefined;
  });
  app.get("/apis/ipam.kube-ipam.io", (request) => request.json(API_GROUP));
  app.get(ROOT, (request) => request.json(API_RESOURCES));
  for (const scoped of ["", "/namespaces/:namespace"]) mountIn(`${ROOT}${scoped}`, app, context);
}

function mountIn(root: string, app: SecureApp, context: ControllerContext): void {
  const answer =
    (respond: (call: Call) => Promise<Response>) =>
    async (request: Context): Promise<Response> => {
      const scope: Scope = request.req.param("namespace");
      try {
        return await respond({ request, scope, context, addresses: addressesFor(scope, context) });
      } catch (failure) {
        if (failure instanceof BadRequest || failure instanceof SyntaxError)
          return fail(request, status(400, failure.message));
        return fail(request, statusOf(failure));
      }
    };
  app.get(
    `${root}/addresses`,
    answer(({ addresses, request, scope }) => list(request, scope, addresses)),
  );
  app.get(`${root}/addresses/:name`, answer(show));
  app.post(`${root}/reservations`, answer(reserve));
  app.delete(`${root}/reservations/:name`, answer(unreserve));
  app.post(`${root}/releases`, answer(release));
  app.get(`${root}/pods/:name/why`, answer(why));
}

interface Call extends ScopedCall {
  readonly request: Context;
}

function addressesFor(scope: Scope, { configuration, ports }: ControllerContext): Addresses {
  const { addressSpace: space, coolingSeconds, requireInit } = configuration;
  const options = { deadline: performance.now() + PATIENCE_MS };
  return addressesOnStore(ports, { space, coolingSeconds, requireInit }, options, scope);
}

async function show({ addresses, request, scope }: Call): Promise<Response> {
  const name = request.req.param("name") ?? "";
  const address = tryParseAddress(name);
  if (address === undefined) throw new BadRequest(`'${name}' is not an IP address`);
  const found = await addresses.status(address, request.req.query("space"));
  const visible = scope === undefined ? found : found.flatMap((each) => visibleIn(scope, each) ?? []);
  if (visible.length === 0)
    return fail(request, absent(`address ${name} does not belong to namespace '${scope}'`));
  const seen: SeenAddress = { ...object("Address", name, scope), sights: visible };
  return request.json(seen);
}

async function reserve(call: Call): Promise<Response> {
  const spec = readReservation(await readJson(call.request.req));
  return call.request.json(await reserveFor(spec, call), 201);
}

async function unreserve(call: Call): Promise<Response> {
  const { request } = call;
  const name = request.req.param("name") ?? "";
  const ended = await unreserveFor(name, request.req.query("space"), call);
  return ended === undefined
    ? fail(request, absent(`there is no reservation of exactly ${name}`))
    : request.json(ended);
}

async function release(call: Call): Promise<Response> {
  const spec = readRelease(await readJson(call.request.req));
  return call.request.json(await releaseFor(spec, call), 201);
}

async function why({ context, request, scope }: Call): Promise<Response> {
  const name = request.req.param("name") ?? "";
  const options = { deadline: performance.now() + PATIENCE_MS };
  const found = scope === undefined ? undefined : await whyOf({ namespace: scope, name }, context, options);
  return found === undefined
    ? fail(
        request,
        absent(`there is no pod ${scope}/${name}, and the store holds nothing for one of that name`),
      )
    : request.json(found);
}

const UNAUTHENTICATED = status(
  401,
  "send requests to the Kubernetes API server: this one came without its front proxy's certificate",
);

function fail(request: Context, failure: Status): Response {
  return request.json(failure, failure.code);
}

/** Logs who did what, as the API server's audit log does. */
function log({ log }: ControllerContext, user: string, { req, res }: Context): void {
  log("info", "operators' API", { user, method: req.method, path: req.path, status: res.status });
}
