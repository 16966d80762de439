import { tryParseAddress } from "../../address/address.ts";
import { tryParseCidr } from "../../address/cidr.ts";
import { trySpelledAddress } from "../../address/spelled-address.ts";
import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import type { LegacyLease, LegacyNetwork } from "../configured-store.ts";
import { toText } from "../keys/bytes.ts";
import { after } from "../keys/keys.ts";
import { EtcdClient } from "./client/client.ts";
import { rangeInit } from "./query.ts";
import { RANGE } from "./wire/methods.ts";

/** Where kube-ipam 0.2 kept its networks: <name> → ranges, <name>/used/<address> → container ID. */
const ROOT = "/etcd-cni/networks/";
const PAGE = 500;

/**
 * Reads what kube-ipam 0.2 wrote about its networks, or about the network `name`.
 *
 * @throws StoreFailure
 */
export async function readLegacyNetworks(
  settings: EtcdSettings,
  name: string | undefined,
  options: CallOptions,
): Promise<LegacyNetwork[]> {
  const client = new EtcdClient(settings);
  try {
    const pairs = await readAll(client, name === undefined ? ROOT : `${ROOT}${name}`, options);
    const names = new Set(pairs.map(({ key }) => key.slice(ROOT.length).split("/")[0] ?? ""));
    return [...names]
      .filter((each) => each !== "" && (name ?? each) === each)
      .map((each) => networkOf(each, pairs));
  } finally {
    client.close();
  }
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

async function readAll(client: EtcdClient, prefix: string, options: CallOptions): Promise<Pair[]> {
  const pairs: Pair[] = [];
  // Comes after every key that begins with the prefix.
  const end = `${prefix}\u{10ffff}`;
  for (let first = prefix; ; ) {
    const request = { ...rangeInit({ first, end }), limit: BigInt(PAGE) };
    const page = await client.read((etcd, rpc) => etcd.call(RANGE, request, rpc), options);
    pairs.push(...page.kvs.map(({ key, value }) => ({ key: toText(key), value: toText(value) })));
    const last = pairs.at(-1);
    if (!page.more || last === undefined) return pairs;
    first = after(last.key);
  }
}

function networkOf(name: string, pairs: readonly Pair[]): LegacyNetwork {
  const used = `${ROOT}${name}/used/`;
  const leases: LegacyLease[] = [];
  const unreadable: string[] = [];
  for (const { key, value } of pairs.filter((pair) => pair.key.startsWith(used))) {
    const spelled = trySpelledAddress(key.slice(used.length));
    if (spelled === undefined) unreadable.push(key);
    else leases.push({ key, ...spelled, container: value });
  }
  const configuration = pairs.find(({ key }) => key === `${ROOT}${name}`)?.value ?? "";
  return { name, leases, ranges: rangesOf(configuration), unreadable };
}

/** [[{"subnet": "10.1.0.0/16", "gateway": "10.1.0.1"}]]; no ranges where it cannot be read. */
function rangesOf(text: string): LegacyNetwork["ranges"] {
  try {
    const sets: unknown = JSON.parse(text);
    return Array.isArray(sets) ? sets.flat().flatMap(rangeOf) : [];
  } catch {
    return [];
  }
}

function rangeOf(range: unknown): LegacyNetwork["ranges"] {
  if (typeof range !== "object" || range === null) return [];
  const { subnet, gateway } = range as { subnet?: unknown; gateway?: unknown };
  const cidr = typeof subnet === "string" ? tryParseCidr(subnet) : undefined;
  if (cidr === undefined) return [];
  const address = typeof gateway === "string" ? tryParseAddress(gateway) : undefined;
  return [{ subnet: cidr, ...(address && { gateway: address }) }];
}
