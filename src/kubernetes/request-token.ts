import { readFileSync } from "node:fs";
import * as v from "valibot";
import { IpamError } from "../ipam/errors.ts";
import { type Credentials, loadCredentials } from "./credentials.ts";
import { unreachable } from "./refused.ts";

const MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount";
const PATIENCE_MS = 10_000;

/** A token of a pod's own service account that outlives the pod. */
export interface RequestedToken {
  readonly token: string;
  /** Seconds from now until it is void. */
  readonly seconds: number;
  /** The API server that gave it, and whose certificates to trust (PEM). */
  readonly server: string;
  readonly ca: string;
}

const tokenRequest = v.object({
  spec: v.object({ expirationSeconds: v.number() }),
  status: v.object({ token: v.pipe(v.string(), v.nonEmpty()) }),
});

/**
 * Asks the API server (authentication.k8s.io/v1 TokenRequest) for a token of the service account that
 * this pod runs under. The token that kubelet mounts into a pod ends with the pod; this one ends with
 * its time, or with the Node it is bound to.
 *
 * @param node the Node's name.
 * @throws IpamError tryAgain when there is no answer, kubernetesRefused when it is no.
 */
export async function requestToken(node: string, expirationSeconds: number): Promise<RequestedToken> {
  const credentials = loadCredentials({});
  const { namespace, name } = ownAccount();
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const boundObjectRef = { apiVersion: "v1", kind: "Node", name: node };
  const answer = await post(credentials, path, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds, boundObjectRef },
  });
  const { spec, status } = answer;
  return {
    token: status.token,
    seconds: spec.expirationSeconds,
    server: credentials.server,
    ca: readFileSync(`${MOUNTED}/ca.crt`, "utf8"),
  };
}

async function post(credentials: Credentials, path: string, body: object) {
  const { headers, tls } = await credentials.apply();
  let response: Response;
  try {
    response = await fetch(credentials.server + path, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      tls,
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (failure) {
    throw unreachable(credentials, failure);
  }
  const answer = v.safeParse(tokenRequest, await response.json().catch(() => undefined));
  if (response.ok && answer.success) return answer.output;
  throw new IpamError(
    "kubernetesRefused",
    `the API server at ${credentials.server} gave no token for the plugin (HTTP ${response.status})`,
    `it must allow 'create' on ${path}, see deploy/rbac, and be of Kubernetes 1.31 or newer`,
  );
}

/** The mounted token says whose it is: "system:serviceaccount:NAMESPACE:NAME" (RFC 7519, "sub"). */
function ownAccount(): { namespace: string; name: string } {
  const [, payload = ""] = readFileSync(`${MOUNTED}/token`, "utf8").split(".");
  const { sub } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { sub?: unknown };
  const [, , namespace, name] = typeof sub === "string" ? sub.split(":") : [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new IpamError(
    "kubernetesRefused",
    `the token in ${MOUNTED} names no service account`,
    "run this in a pod with a service account",
  );
}
