import type { CallOptions } from "../../../ipam/store-port.ts";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";

/**
 * The Node for which the credentials' token was made, of an account that policies keep to what is its node's: what
 * these compare, and so what says whose a decision is. Undefined for anybody else.
 */
export async function nodeOf(
  credentials: Credentials,
  { deadline }: CallOptions,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now())));
  // What keeps them from being used, the request itself tells.
  const given = await credentials.apply(signal).catch(() => undefined);
  const [, payload] = (new Headers(given?.headers).get("Authorization") ?? "").split(".");
  return payload === undefined ? undefined : nodeIn(payload);
}

/** Of a token that the API server has made; it judges the token, and whoever lies is refused by it. */
export function nodeIn(payload: string): string | undefined {
  const { sub, "kubernetes.io": bound } = parse(Buffer.from(payload, "base64url").toString());
  return typeof sub === "string" && OF_A_NODE.test(sub) ? bound?.node?.name : undefined;
}

interface Claims {
  readonly sub?: unknown;
  readonly "kubernetes.io"?: { readonly node?: { readonly name?: string } };
}

const OF_A_NODE = /^system:serviceaccount:[^:]+:kube-ipam(-agent)?$/;

function parse(text: string): Claims {
  try {
    return (JSON.parse(text) as Claims | null) ?? {};
  } catch {
    return {};
  }
}
