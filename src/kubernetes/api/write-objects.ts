import { type Api, reasonOf } from "./api.ts";
import type { Kind, ObjectName } from "./kinds.ts";
import { folderOf, pathOf } from "./path.ts";

/**
 * Creates an object.
 *
 * @returns the object, or "exists" when there is one of that name.
 * @throws IpamError as the Cluster port says; after tryAgain it may exist.
 */
export async function createObject<T>(
  api: Api,
  kind: Kind<T>,
  name: ObjectName,
  body: object,
  deadline: number,
): Promise<T | "exists"> {
  const folder = folderOf(kind, name.namespace);
  const answer = await api.request(folder, deadline, { method: "POST", contentType: JSON_TYPE, body });
  if (answer.ok) return api.parse(kind.shape, answer.body, folder);
  if (reasonOf(answer) === "AlreadyExists") return "exists";
  throw api.refusal(answer, { verb: "create", kind, name });
}

const JSON_TYPE = "application/json";

/** A change of an object: RFC 7396 (merge) or RFC 6902 (json). */
export type Patch =
  | { readonly type: "merge"; readonly patch: object }
  | { readonly type: "json"; readonly patch: readonly object[] };

/**
 * Changes parts of an object.
 *
 * @returns the new object; undefined when there is none of that name, or a test of the patch failed.
 * @throws IpamError as the Cluster port says; after tryAgain it may have been changed.
 */
export async function patchObject<T>(
  api: Api,
  kind: Kind<T>,
  name: ObjectName,
  { patch, type }: Patch,
  deadline: number,
): Promise<T | undefined> {
  const path = pathOf(kind, name);
  const contentType = type === "merge" ? "application/merge-patch+json" : "application/json-patch+json";
  const answer = await api.request(path, deadline, { method: "PATCH", contentType, body: patch });
  if (answer.ok) return api.parse(kind.shape, answer.body, path);
  if (answer.httpStatus === 422 || ["Conflict", "NotFound"].includes(reasonOf(answer))) return undefined;
  throw api.refusal(answer, { verb: "patch", kind, name });
}
