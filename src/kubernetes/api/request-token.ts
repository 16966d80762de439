import { readFileSync } from "node:fs";
import * as v from "valibot";
import { IpamError } from "../../ipam/errors.ts";
import { type Credentials, loadCredentials } from "../credentials/credentials.ts";
import { MOUNTED } from "../credentials/service-account.ts";
import { SERVICE_ACCOUNTS } from "./kinds.ts";
import { type ApiPath, below, pathOf } from "./path.ts";
import { reach } from "./reach.ts";
import { unreachable } from "./unreached.ts";

const PATIENCE_MS = 10_000;

/** A token of a service account that outlives the pod which requested it. */
export interface RequestedToken {
  readonly token: string;
  /** Seconds from now until it expires. */
  readonly seconds: number;
  /** The API server that issued it, and the authority of its certificates (PEM). */
  readonly server: string;
  readonly ca: string;
}

const tokenRequest = v.object({
  spec: v.object({ expirationSeconds: v.number() }),
  status: v.object({ token: v.pipe(v.string(), v.nonEmpty()) }),
});

/** The token to request. */
export interface TokenWish {
  /** The service account, in this pod's own namespace. */
  readonly account: string;
  /** Name of the Node that the token is bound to; deleting it ends the token. */
  readonly node: string;
  readonly expirationSeconds: number;
}

/**
 * Requests a token of a service account (authentication.k8s.io/v1 TokenRequest), with this pod's own
 * credentials. A token that kubelet mounts ends with the pod; this one ends with its time, or with its Node.
 *
 * @throws IpamError tryAgain without an answer, kubernetesRefused for a refusal.
 */
export async function requestToken({ account, node, expirationSeconds }: TokenWish): Promise<RequestedToken> {
  const credentials = loadCredentials({});
  const namespace = readFileSync(`${MOUNTED}/namespace`, "utf8").trim();
  const path = below(pathOf(SERVICE_ACCOUNTS, { namespace, name: account }), "token");
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

async function post(credentials: Credentials, path: ApiPath, body: object) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const authentication = await credentials.apply(signal);
  let response: Response;
  try {
    response = await reach(credentials, path, authentication, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw await unreachable(credentials, { error, tls: authentication.tls });
  }
  const answer = v.safeParse(tokenRequest, await response.json().catch(() => undefined));
  if (response.ok && answer.success) return answer.output;
  throw new IpamError(
    "kubernetesRefused",
    `the API server at ${credentials.server} gave no token for the plugin (HTTP ${response.status})`,
    `it must allow 'create' on ${path}, see deploy/rbac, and be of Kubernetes 1.31 or newer`,
  );
}
