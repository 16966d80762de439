import { readConfiguration } from "../../command-line/read-configuration.ts";
import { poolsOfNodes } from "../../config/settings/pools-of-nodes.ts";
import type { PoolOfNodes } from "../../ipam/network.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import { withClusterPools } from "../../runtime/cluster-pools.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { spacesOfNode } from "../ip/spaces.ts";
import type { Session } from "../session/open.ts";
import type { RecoverOptions } from "./options.ts";
import { step } from "./step.ts";

/** The nodes that must answer. */
export interface Expected {
  readonly names: readonly string[];
  /** Labels of the nodes that Kubernetes knows, by name. */
  readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** All Nodes of the cluster and those of `--nodes`, without those of `--forget`. @throws IpamError */
export async function expectedNodes(
  { nodes, forget }: Pick<RecoverOptions, "nodes" | "forget">,
  access: ClusterAccess | undefined,
  { ports }: Session,
): Promise<Expected> {
  const labels = new Map<string, Readonly<Record<string, string>>>();
  if (access !== undefined)
    for await (const node of access.inventory.nodes(step().deadline)) labels.set(node.name, node.labels);
  const own = ports.store.description.shared ? [] : [ports.node.name];
  const names = new Set([...labels.keys(), ...nodes, ...own]);
  for (const node of forget) names.delete(node);
  return { names: [...names].sort(), labels };
}

/** The pools of the node's file in `--config`, else of this node's own file, and of the cluster as far as it answers. @throws IpamError */
export async function poolsOf({ config }: Pick<RecoverOptions, "config">): Promise<PoolOfNodes[]> {
  const given = config === undefined ? undefined : readConfiguration(config);
  const file = given?.kind === "node" ? given.file : readNodeFile();
  return poolsOfNodes(file && (await withClusterPools(file)));
}

/** Every address space that the store or this node knows. @throws StoreFailure */
export async function spacesIn(session: Session): Promise<string[]> {
  const spaces = new Set(await spacesOfNode(session, undefined));
  for (const space of await session.ports.store.spaces(step())) spaces.add(space);
  return [...spaces];
}
