import type { Owner } from "../../ipam/records.ts";
import type { Api } from "../api/api.ts";
import { templated } from "../api/shapes.ts";
import { kindOf } from "./owner-state.ts";

/**
 * The annotations of a workload's pod template. Undefined where the workload is gone or was replaced, has none where
 * Kubernetes' own have it, or may not be read.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function podTemplate(
  owner: Owner,
  api: Api,
  deadline: number,
): Promise<Readonly<Record<string, string>> | undefined> {
  const kind = await kindOf(owner, api, deadline);
  if (kind === undefined) return undefined;
  const { name, namespace, uid } = owner;
  const object = await api.tryGet({ ...kind, shape: templated }, { name, namespace }, deadline);
  if (object === undefined || (uid !== undefined && object.metadata.uid !== uid)) return undefined;
  const { jobTemplate, template } = object.spec;
  return (jobTemplate?.spec?.template ?? template)?.metadata?.annotations;
}
