import { CAPS } from "../../address/caps.ts";
import { isDnsLabel, isDnsSubdomain } from "../../address/dns-name.ts";
import type { Kind, ObjectName } from "./kinds.ts";

declare const made: unique symbol;

/**
 * Path and query of a request to an API server. Only this file makes one, so that whatever a tenant writes (an owner
 * reference, an annotation, CNI_ARGS) stays one segment, and leads to no other object than the one that was meant.
 */
export type ApiPath = string & { readonly [made]: true };

/** The path of one object. @throws Error for a name that no object can have: ask `isObjectName` before. */
export function pathOf(kind: Kind<unknown>, { namespace, name }: ObjectName): ApiPath {
  return below(folderOf(kind, namespace), name);
}

/** The path of all objects of a kind: in one namespace, or in the whole cluster. @throws Error as `pathOf` */
export function folderOf({ group, version, plural }: Kind<unknown>, namespace?: string): ApiPath {
  const root = rootOf(group === "" ? version : `${group}/${version}`);
  return namespace === undefined ? below(root, plural) : below(root, "namespaces", namespace, plural);
}

/** The path of a group's version, such as "v1" or "apps/v1". @throws Error for what is none: ask `isApiVersion` before. */
export function rootOf(apiVersion: string): ApiPath {
  if (!isApiVersion(apiVersion)) throw new Error("no API of Kubernetes has such a name");
  return `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}` as ApiPath;
}

/** The path of something below another. @throws Error for what is not one segment. */
export function below(path: ApiPath, ...segments: readonly string[]): ApiPath {
  return segments.reduce((folder, text) => `${folder}/${segment(text)}`, path as string) as ApiPath;
}

/** The path with these parameters; those without a value are left out. */
export function withQuery(
  path: ApiPath,
  parameters: Readonly<Record<string, string | number | undefined>>,
): ApiPath {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  if (given.length === 0) return path;
  const pairs = given.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  return `${path}?${pairs.join("&")}` as ApiPath;
}

/** Whether an object can have this name, in this namespace: the API server takes no other, so there is none. */
export function isObjectName({ namespace, name }: ObjectName): boolean {
  return isSegment(name) && (namespace === undefined || isNamespace(namespace));
}

/** "v1", "apps/v1": the group is a DNS subdomain, the version a DNS label. */
export function isApiVersion(text: string): boolean {
  if (text.length > CAPS.apiVersion) return false;
  const [version = "", group, ...further] = text.split("/").reverse();
  return further.length === 0 && isDnsLabel(version) && (group === undefined || isDnsSubdomain(group));
}

function isNamespace(text: string): boolean {
  return text.length <= CAPS.namespace && isSegment(text);
}

/** As apimachinery's IsValidPathSegmentName, and without what no name of Kubernetes has. */
function isSegment(text: string): boolean {
  return (
    text.length <= CAPS.objectName &&
    text !== "." &&
    text !== ".." &&
    /^[\x21-\x7e]+$/.test(text) &&
    !/[/%\\?#]/.test(text)
  );
}

/** A colon may stand in a segment as it is: kube-ipam's API has IPv6 addresses for names, and refuses other spellings. */
function segment(text: string): string {
  if (!isSegment(text)) throw new Error("no object of Kubernetes has such a name");
  return encodeURIComponent(text).replaceAll("%3A", ":");
}
