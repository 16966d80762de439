import type { ExecSettings } from "./exec-plugin.ts";
import type { Material } from "./material.ts";

/**
 * Where an API server is and how a client authenticates, as one context of a kubeconfig or a pod's service
 * account says it. All paths are absolute; what a key does not say is undefined.
 */
export interface Access {
  readonly server: string;
  readonly proxyUrl?: string | undefined;
  readonly namespace?: string | undefined;
  readonly authority?: Material | undefined;
  readonly tlsServerName?: string | undefined;
  readonly isUnverified: boolean;
  readonly certificate?: Material | undefined;
  readonly certificateKey?: Material | undefined;
  readonly token?: Material | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  readonly impersonated?: string | undefined;
  readonly exec?: ExecSettings | undefined;
}
