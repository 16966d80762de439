import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import { withClusterPools } from "../../runtime/cluster-pools.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** The cluster's pools, as the plugin on this node sees them; nothing where no cluster is at hand, or no node's file. */
export async function checkPools(): Promise<Finding[]> {
  const file = readNodeFile();
  if (file === undefined) return [];
  const known = await withClusterPools(file);
  const { clusterPools } = known;
  if (clusterPools === undefined) return [];
  const check = "pools of the cluster";
  const { missing } = clusterPools;
  if (missing !== undefined && missing !== "unread")
    return [failed(check, missing.message, missing.details || "see the log")];
  const { poolFaults } = parseNodeConfiguration(known);
  const names = clusterPools.objects.map(({ name }) => name).filter((name) => !poolFaults.has(name));
  const found = names.length === 0 ? "none in force" : `${names.length} in force: ${shown(names)}`;
  const faults = [...poolFaults].map(([name, { error }]) =>
    warning(`Pool ${name}`, error.message, error.details || "correct it"),
  );
  return [ok(check, found), ...faults];
}

/** So many are named. */
const NAMED = 10;

function shown(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return names.slice(0, NAMED).join(", ") + more;
}
