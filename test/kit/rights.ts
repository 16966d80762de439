import { readFileSync } from "node:fs";
import type { Kubernetes } from "./kubernetes.ts";

/** What somebody may do in Kubernetes, and what the API server's audit log says was done. */

/** One request as the audit log tells it. */
export interface AuditLine {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
  };
  readonly responseStatus: { readonly code: number };
}

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

interface RoleLike {
  readonly metadata: { readonly name: string };
  readonly rules?: Rule[];
}

/** What was asked for so far, of an API server that was started with `auditLog: "audit.log"`; each request once. */
export function asked(kubernetes: Kubernetes): AuditLine[] {
  const text = readFileSync(kubernetes.folder.file("audit.log"), "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as AuditLine]));
}

/** What a user has asked for. */
export function askedBy(kubernetes: Kubernetes, username: string): AuditLine[] {
  return asked(kubernetes).filter(({ user }) => user.username === username);
}

/** "get pods.": verb, resource with its subresource, and group. */
export function rightOf(
  verb: string,
  { apiGroup = "", resource = "", subresource }: NonNullable<AuditLine["objectRef"]> = {},
): string {
  return `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}.${apiGroup}`;
}

/** All that the roles of a manifest allow, or the one of this name, each right once. */
export function rightsOf(manifest: string, role?: string): string[] {
  const objects = Bun.YAML.parse(readFileSync(manifest, "utf8")) as RoleLike[];
  const named = objects.filter((object) => role === undefined || object?.metadata.name === role);
  const rules = named.flatMap((object) => object?.rules ?? []);
  const rights = rules.flatMap(({ apiGroups: [apiGroup = ""], resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => rightOf(verb, { apiGroup, resource }))),
  );
  return [...new Set(rights)];
}
