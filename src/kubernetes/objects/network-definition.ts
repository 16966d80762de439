import { object, optional, string } from "valibot";
import { Api } from "../api/api.ts";
import type { Kind } from "../api/kinds.ts";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";

/** A NetworkAttachmentDefinition, which describes a network to Multus. */
export interface NetworkDefinition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly config: string };
}

const DEFINITIONS: Kind<NetworkDefinition> = {
  group: "k8s.cni.cncf.io",
  version: "v1",
  plural: "network-attachment-definitions",
  shape: object({
    metadata: object({ name: string() }),
    spec: optional(object({ config: optional(string(), "") }), {}),
  }),
};

/**
 * Reads one definition.
 *
 * @param deadline milliseconds of performance.now().
 * @returns undefined where there is none, or Multus is not installed.
 * @throws IpamError as the Cluster port says.
 */
export async function readDefinition(
  settings: ClusterSettings,
  namespace: string,
  name: string,
  deadline: number,
): Promise<NetworkDefinition | undefined> {
  const found = await new Api(loadCredentials(settings)).get(DEFINITIONS, { namespace, name }, deadline);
  return found === "no such kind" ? undefined : found;
}
