import type { TLSSocket } from "node:tls";
import type { Context } from "hono";
import { tryParseAddress } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { IpamError } from "../../ipam/errors.ts";
import { describeHolder, describeOwner } from "../../ipam/in-words.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { addressesOnStore } from "../../operator/store-addresses.ts";
import { ROOT, type SeenAddress } from "../../operator/wire.ts";
import type { ControllerContext } from "../context/context.ts";
import type { SecureApp } from "../context/secure-app.ts";
import { BadRequest } from "./bad-request.ts";
import { readRelease, readReservation, readSpace } from "./bodies.ts";
import { releaseFor, reserveFor, type ScopedCall, unreserveFor } from "./change-addresses.ts";
import { API_GROUP, API_RESOURCES } from "./discovery.ts";
import { limitOf } from "./limit-of.ts";
import { list } from "./list.ts";
import { type Change, logChange } from "./log-change.ts";
import { object, type Scope } from "./objects.ts";
import { isPlain } from "./plain-path.ts";
import { readBody, readDeleteOptions } from "./read-body.ts";
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
  const changes = new WeakMap<Context, Change>();
  const users = new WeakMap<Context, string>();
  const changeOf = (request: Context): Change => {
    const change = changes.get(request) ?? {};
    changes.set(request, change);
    return change;
  };
  app.use("/apis/*", async (request, next) => {
    const { socket, url = "" } = request.env.incoming;
    const user = context.frontProxy.userOf(socket as TLSSocket, request.req.raw.headers);
    if (user === undefined) return fail(request, UNAUTHENTICATED);
    if (!isPlain(url)) return fail(request, NOT_PLAIN);
    users.set(request, user);
    await next();
    context.metrics.operatorRequests.inc({ code: request.res.status });
    if (request.req.method !== "GET") logChange(context.log, user, changeOf(request), request);
    return undefined;
  });
  app.get("/apis/ipam.kube-ipam.io", (request) => request.json(API_GROUP));
  app.get(ROOT, (request) => request.json(API_RESOURCES));
  for (const scoped of ["", "/namespaces/:namespace"])
    mountIn(`${ROOT}${scoped}`, app, { context, changeOf, userOf: (request) => users.get(request) ?? "" });
  app.all("/apis/*", (request) => fail(request, NOT_SERVED));
}

interface Mounting {
  readonly context: ControllerContext;
  readonly changeOf: (request: Context) => Change;
  readonly userOf: (request: Context) => string;
}

function mountIn(root: string, app: SecureApp, { context, changeOf, userOf }: Mounting): void {
  const answer =
    (respond: (call: Call) => Promise<Response>) =>
    async (request: Context): Promise<Response> => {
      const scope: Scope = request.req.param("namespace");
      const change = changeOf(request);
      if (scope !== undefined) change.namespace = scope;
      const { clusterNames } = context.ports;
      const addresses = addressesFor(scope, context);
      try {
        return await respond({ request, scope, context, change, addresses, clusterNames });
      } catch (failure) {
        if (failure instanceof IpamError) change.result = failure.name;
        if (failure instanceof BadRequest || failure instanceof SyntaxError)
          return fail(request, status(400, cut(failure.message, CAPS.errorMessage)));
        return fail(request, statusOf(failure));
      }
    };
  app.get(
    `${root}/addresses`,
    answer(({ addresses, request }) => list(request, addresses, userOf(request))),
  );
  app.get(`${root}/addresses/:name`, answer(show));
  app.post(`${root}/reservations`, answer(reserve));
  app.delete(`${root}/reservations/:name`, answer(unreserve));
  app.post(`${root}/releases`, answer(release));
  app.get(`${root}/pods/:name/why`, answer(why));
}

interface Call extends ScopedCall {
  readonly request: Context;
  readonly context: ControllerContext;
  /** For the log: what is known of the change so far. */
  readonly change: Change;
}

function addressesFor(scope: Scope, { configuration, pools, ports }: ControllerContext): Addresses {
  const { addressSpace: space, coolingSeconds, requireInit } = configuration;
  const options = { deadline: performance.now() + PATIENCE_MS };
  const limit = scope === undefined ? undefined : limitOf(scope, { configuration, pools, ports }, options);
  return addressesOnStore(ports, { space, coolingSeconds, requireInit }, options, limit);
}

async function show({ addresses, clusterNames, request, scope }: Call): Promise<Response> {
  const name = request.req.param("name") ?? "";
  const address = tryParseAddress(name);
  if (address === undefined) throw new BadRequest(`'${cut(name, CAPS.shownValue)}' is not an IP address`);
  const found = await addresses.status(address, readSpace(request.req.query("space")));
  const of = scope === undefined ? undefined : { namespace: scope, clusterNames };
  const visible = of === undefined ? found : found.flatMap((each) => visibleIn(of, each) ?? []);
  if (visible.length === 0)
    return fail(request, absent(`address ${name} does not belong to namespace '${scope}'`));
  const seen: SeenAddress = { ...object("Address", name, scope), sights: visible };
  return request.json(seen);
}

async function reserve(call: Call): Promise<Response> {
  const { change, context, request } = call;
  const spec = await readBody(request, readReservation);
  change.address = spec.address;
  change.space = spec.space ?? context.configuration.addressSpace;
  change.owner = describeOwner(spec.owner);
  const reservation = await reserveFor(spec, call);
  change.result = reservation.status.created ? "reserved" : "reserved already";
  return request.json(reservation, 201);
}

async function unreserve(call: Call): Promise<Response> {
  const { change, context, request } = call;
  const name = request.req.param("name") ?? "";
  const space = readSpace(request.req.query("space"));
  change.address = name;
  change.space = space ?? context.configuration.addressSpace;
  await readDeleteOptions(request);
  const ended = await unreserveFor(name, space, call);
  change.result = ended === undefined ? "absent" : "ended";
  if (ended === undefined) return fail(request, absent(`there is no reservation of exactly ${name}`));
  change.owner = describeOwner(ended.status.reservation.owner);
  return request.json(ended);
}

async function release(call: Call): Promise<Response> {
  const { change, context, request } = call;
  const spec = await readBody(request, readRelease);
  change.address = spec.address;
  change.space = spec.space ?? context.configuration.addressSpace;
  const done = await releaseFor(spec, call);
  const { released } = done.status;
  change.result = `released ${released.length}${spec.force ? " by force" : ""}`;
  if (released.length > 0) change.owner = released.map(({ holder }) => describeHolder(holder)).join(", ");
  return request.json(done, 201);
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

const NOT_PLAIN = status(
  400,
  "the path is not in its plain form: write it without encoded characters, '..' and empty segments",
);

const NOT_SERVED = status(404, "the server could not find the requested resource");

function fail(request: Context, failure: Status): Response {
  return request.json(failure, failure.code);
}
