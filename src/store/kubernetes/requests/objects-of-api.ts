import * as v from "valibot";
import type { CallOptions } from "../../../ipam/store-port.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { METADATA_LIST } from "../../../kubernetes/api/api.ts";
import { type ApiPath, folderOf, pathOf, withQuery } from "../../../kubernetes/api/path.ts";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";
import { DECISIONS, type ObjectId, type Resource } from "../objects/names.ts";
import type { NewObject, Objects, Page, PageScope, StoredObject, Was } from "../objects/objects.ts";
import { continueFrom } from "./continue.ts";
import { withoutDefinitions } from "./failures.ts";
import { type Ask, listFrom } from "./list-from.ts";
import { nodeOf } from "./node-of.ts";
import { type Answer, type Sending, send } from "./requests.ts";
import { watchObjects } from "./watch-objects.ts";
import { bodyOf, kindOf, objectOf, outline, outlineOf, selectorOf, storedObject } from "./wire.ts";

/** The objects of a real API server. */
export function objectsOf(credentials: Credentials): Objects {
  const request = (path: ApiPath, options: CallOptions, sending: Sending, ...expected: number[]) =>
    send(credentials, path, options, sending, expected);
  const folder = (resource: Resource) => folderOf(kindOf(resource));
  const body = async (object: NewObject, options: CallOptions, was?: Was) => {
    const isDecision = object.id.name.startsWith(DECISIONS);
    return bodyOf(object, {
      ...(was && { was }),
      ...(isDecision && { node: await nodeOf(credentials, options) }),
    });
  };
  const path = ({ name, resource }: ObjectId) => pathOf(kindOf(resource), { name });
  const list = <T extends { readonly metadata: { readonly name: string } }>(
    { from, limit, resource }: PageScope,
    options: CallOptions,
    shape: v.GenericSchema<unknown, T>,
    accept?: string,
  ) => {
    const ask: Ask<T> = async ({ limit, token }) => {
      const query = { limit, continue: token === "" ? undefined : token };
      const sending = accept === undefined ? {} : { accept };
      const isOurs = from !== "" && token === continueFrom(from);
      const expected = isOurs ? [400] : [];
      const answer = await request(withQuery(folder(resource), query), options, sending, ...expected);
      if (answer.httpStatus === 400) return "refused";
      const { items, metadata } = read(pageOf(shape), answer);
      return { items: items ?? [], version: metadata.resourceVersion, token: metadata.continue };
    };
    return listFrom(ask, ({ metadata }) => metadata.name, from, limit);
  };
  return {
    async get(id, options) {
      const answer = await request(path(id), options, {}, 404);
      if (answer.httpStatus !== 404) return objectOf(id.resource, read(storedObject, answer));
      if (answer.reason === "NotFound" && isOfObject(answer, id)) return undefined;
      throw withoutDefinitions(credentials.server);
    },

    async create(object, options) {
      const sending = { method: "POST", body: await body(object, options) } as const;
      const answer = await request(bounded(folder(object.id.resource), options), options, sending, 409);
      return answer.httpStatus === 409 ? "exists" : objectOf(object.id.resource, read(storedObject, answer));
    },

    async replace(was: Was, object: NewObject, options) {
      const sending = { method: "PUT", body: await body(object, options, was) } as const;
      const answer = await request(bounded(path(was.id), options), options, sending, 404, 409);
      if (answer.httpStatus === 409) return "changed";
      if (answer.httpStatus === 404) return requireGone(answer, was.id, credentials.server);
      return objectOf(was.id.resource, read(storedObject, answer));
    },

    async remove({ id, uid, version }, options) {
      const preconditions = { uid, resourceVersion: version };
      const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions };
      const answer = await request(bounded(path(id), options), options, { method: "DELETE", body }, 404, 409);
      if (answer.httpStatus === 404) return requireGone(answer, id, credentials.server);
      if (answer.httpStatus === 409) return "changed";
      const kept = keptBy(answer);
      if (kept === undefined) return "removed";
      const last = { method: "PUT", body: kept } as const;
      const gone = await request(bounded(path(id), options), options, last, 404, 409);
      return gone.httpStatus === 409 ? "changed" : "removed";
    },

    async page(scope, options): Promise<Page<StoredObject>> {
      const { items, ...page } = await list(scope, options, storedObject);
      return { ...page, items: items.map((item) => objectOf(scope.resource, item)) };
    },

    async outlines(scope, options) {
      const { items, ...page } = await list(scope, options, outline, METADATA_LIST);
      return { ...page, items: items.map((item) => outlineOf(scope.resource, item)) };
    },

    async labelled(resource, label, options) {
      const query = { labelSelector: selectorOf(label) };
      const answer = await request(withQuery(folder(resource), query), options, {});
      return read(pageOf(storedObject), answer).items.map((item) => objectOf(resource, item));
    },

    watch: (scope, since, options) => watchObjects(credentials, scope, since, options),
  };
}

const listed = v.object({
  resourceVersion: v.optional(v.string(), ""),
  continue: v.optional(v.string(), ""),
});

function pageOf<T>(shape: v.GenericSchema<unknown, T>) {
  return v.object({ metadata: listed, items: v.nullish(v.array(shape), []) });
}

/** The server gives up as well, so that a write does not happen long after. */
function bounded(path: ApiPath, { deadline }: CallOptions): ApiPath {
  const seconds = Math.max(1, Math.ceil((deadline - performance.now()) / 1000));
  return withQuery(path, { timeout: `${Math.min(seconds, 10)}s` });
}

function read<T>(shape: v.GenericSchema<unknown, T>, { body, httpStatus }: Answer): T {
  const result = v.safeParse(shape, body);
  if (result.success) return result.output;
  throw new StoreFailure("unavailable", `the API server's answer (${httpStatus}) has another form`);
}

const deleted = v.looseObject({ metadata: v.looseObject({ finalizers: v.array(v.string()) }) });

/** Where a finalizer that somebody has put on an object keeps it from going: the object without any. */
function keptBy({ body }: Answer): object | undefined {
  const said = v.safeParse(deleted, body);
  return said.success ? { ...said.output, metadata: { ...said.output.metadata, finalizers: [] } } : undefined;
}

const notFound = v.object({ details: v.object({ name: v.string() }) });

/** Only the API server's own word about this very object proves that it is gone: not that of a proxy, or that the resource is missing. */
function isOfObject({ body }: Answer, { name }: ObjectId): boolean {
  const said = v.safeParse(notFound, body);
  return said.success && said.output.details.name === name;
}

function requireGone(answer: Answer, id: ObjectId, server: string): "changed" {
  if (isOfObject(answer, id)) return "changed";
  throw withoutDefinitions(server);
}
