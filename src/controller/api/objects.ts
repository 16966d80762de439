import { API_VERSION } from "../../operator/wire.ts";

/** The Kubernetes namespace that a request is for; undefined: all, for a caller with rights in all. */
export type Scope = string | undefined;

/** How an object of our API begins. */
export function object<K extends string>(kind: K, name: string, scope: Scope) {
  const metadata = scope === undefined ? { name } : { name, namespace: scope };
  return { apiVersion: API_VERSION, kind, metadata } as const;
}
