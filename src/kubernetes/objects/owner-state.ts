import { isDnsLabel } from "../../address/dns-name.ts";
import type { Owner } from "../../ipam/records.ts";
import type { Api } from "../api/api.ts";
import { groupOf, type Kind, ownerKind } from "../api/kinds.ts";
import { isObjectName, rootOf } from "../api/path.ts";
import { type AnyObject, anyObject, resourceList } from "../api/shapes.ts";
import { isSoundOwner } from "./sound-reference.ts";

/**
 * Whether an owner still exists, by a live read: an object of its kind and name, with its UID where that
 * is known. "unknown" for kinds that this cluster does not have, or that the role cannot list, and for an owner that
 * no cluster can have: earlier programs wrote down every owner reference.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function ownerState(
  owner: Owner,
  api: Api,
  deadline: number,
): Promise<"present" | "gone" | "unknown"> {
  if (!isSoundOwner(owner) || !isObjectName(owner)) return "unknown";
  const kind = await kindOf(owner, api, deadline);
  if (kind === undefined) return "unknown";
  const object = await api.get(kind, { namespace: owner.namespace, name: owner.name }, deadline);
  if (object === "no such kind") return "unknown";
  const same = object !== undefined && (owner.uid === undefined || object.metadata.uid === owner.uid);
  return same ? "present" : "gone";
}

/** The kind of a sound owner, by this program or by the API server; undefined where it is not known. @throws IpamError */
export async function kindOf(
  { apiVersion, kind }: Owner,
  api: Api,
  deadline: number,
): Promise<Kind<AnyObject> | undefined> {
  if (apiVersion === undefined) return ownerKind(kind);
  const list = await api.discover(rootOf(apiVersion), resourceList, deadline);
  // "deployments/status" and the like have their parent's kind too, and no plural is anything but a label.
  const resource = list?.resources.find(
    ({ kind: candidate, name }) => candidate === kind && isDnsLabel(name),
  );
  if (resource === undefined || !resource.namespaced) return undefined;
  const group = groupOf(apiVersion);
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  return { group, version, plural: resource.name, shape: anyObject, foreign: true };
}
