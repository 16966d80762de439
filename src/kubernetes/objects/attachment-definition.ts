import { nullish, object, string } from "valibot";
import { Api } from "../api/api.ts";
import type { Kind } from "../api/kinds.ts";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";

/** A NetworkAttachmentDefinition, which describes a network to Multus. */
export interface NetworkAttachmentDefinition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly config: string };
}

const DEFINITIONS: Kind<NetworkAttachmentDefinition> = {
  group: "k8s.cni.cncf.io",
  version: "v1",
  plural: "network-attachment-definitions",
  shape: object({
    metadata: object({ name: string() }),
    spec: nullish(object({ config: nullish(string(), "") }), {}),
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
): Promise<NetworkAttachmentDefinition | undefined> {
  return getDefinition(new Api(loadCredentials(settings)), namespace, name, deadline);
}

/** The same on a client that is already open. @throws IpamError as the Cluster port says. */
export async function getDefinition(
  api: Api,
  namespace: string,
  name: string,
  deadline: number,
): Promise<NetworkAttachmentDefinition | undefined> {
  const found = await api.get(DEFINITIONS, { namespace, name }, deadline);
  if (found === undefined || found === "no such kind") return undefined;
  return { metadata: found.metadata, spec: { config: found.spec?.config ?? "" } };
}
