import { IpamError } from "../../ipam/errors.ts";
import type { Credentials } from "../credentials/credentials.ts";
import type { Kind, ObjectName } from "./kinds.ts";

/** What was asked of the API server. Without a name: all objects of the kind. */
export interface Asked {
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "patch";
  readonly kind: Kind<unknown>;
  readonly name: Partial<ObjectName>;
}

/** An answer of the API server other than the object or its absence. */
export interface Refusal extends Asked {
  readonly httpStatus: number;
  /** The API server's own words; names the user, never a secret. */
  readonly message: string;
}

/** The cluster has no such kind of object: its custom resource definition is not installed. */
export class NoSuchKind extends IpamError {
  constructor({ group, plural }: Kind<unknown>) {
    const resource = group === "" ? plural : `${plural}.${group}`;
    super("tryAgain", `this cluster has no ${resource}`, `its CustomResourceDefinition is not installed`);
  }
}

/** The error for such an answer: 401 and 403 need a person, everything else is worth another try. */
export function answerRefused(credentials: Credentials, refusal: Refusal): IpamError {
  if (refusal.httpStatus === 401) return unauthorized(credentials);
  if (refusal.httpStatus === 403) return forbidden(refusal);
  const ofAll = refusal.verb === "list" || refusal.verb === "watch";
  if (refusal.httpStatus === 404 && ofAll) return new NoSuchKind(refusal.kind);
  return overloaded(
    credentials,
    refusal.httpStatus,
    `${refusal.kind.plural} ${refusal.name.name ?? ""}`.trimEnd(),
  );
}

function unauthorized({ server, source, doubt }: Credentials): IpamError {
  const seen = doubt();
  return new IpamError(
    "kubernetesRefused",
    `the API server at ${server} does not accept the credentials in ${source} (401)`,
    seen === undefined
      ? "the token or client certificate is wrong, revoked or expired: renew it"
      : `${seen.reason}: ${seen.remedy}`,
  );
}

function forbidden({ kind, message, name, verb }: Refusal): IpamError {
  const { foreign = false, group, plural } = kind;
  const where = name.namespace === undefined ? "in the cluster" : `in namespace ${name.namespace}`;
  const resource = group === "" ? plural : `${plural}.${group}`;
  const rule = `{apiGroups: ["${group}"], resources: ["${plural}"], verbs: ["${verb}"]}`;
  const file = verb === "get" ? "deploy/rbac/plugin.yaml" : "deploy/rbac";
  const help = foreign
    ? "deploy/rbac has none for other programs' kinds"
    : `${file} has all that kube-ipam needs`;
  return new IpamError(
    "kubernetesRefused",
    `Kubernetes does not allow this account to ${verb} ${resource} ${where}`,
    `${message === "" ? "" : `${message}; `}bind a ClusterRole with the rule ${rule}: ${help}`,
  );
}

/** The error for 429, 5xx and unexpected answers: worth another try. */
export function overloaded({ server }: Credentials, httpStatus: number, what: string): IpamError {
  return new IpamError(
    "tryAgain",
    `the API server at ${server} could not answer (HTTP ${httpStatus})`,
    `asked for ${what}; it is overloaded, starting or in trouble; try again`,
  );
}

/** The error for a server that is not a Kubernetes API server. */
export function notAnApiServer({ server, source }: Credentials, path: string): IpamError {
  return new IpamError(
    "kubernetesRefused",
    `${server}${path} did not answer as a Kubernetes API server does`,
    `check the server address in ${source}${server.startsWith("http:") ? ": API servers speak https as a rule" : ""}`,
  );
}
