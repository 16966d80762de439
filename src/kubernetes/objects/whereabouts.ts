import * as v from "valibot";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import type {
  WhereaboutsEntry,
  WhereaboutsPool,
  WhereaboutsReservation,
  WhereaboutsState,
} from "../../portable/whereabouts-state.ts";
import { Api } from "../api/api.ts";
import { type Kind, PODS } from "../api/kinds.ts";
import { listObjects } from "../api/list-objects.ts";
import { pod as podShape } from "../api/shapes.ts";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";
import { podFacts } from "./pod-facts.ts";

/** Whereabouts' custom resources, v1alpha1 as its doc/crds defines them. */

/** All but the names may be anything: what one entry holds stops none of the others. */
const object = v.object({ metadata: v.object({ name: v.string() }), spec: v.optional(v.unknown()) });

type Loose = v.InferOutput<typeof object>;

const IP_POOLS: Kind<Loose> = { ...named("ippools"), shape: object };
const RESERVATIONS: Kind<Loose> = { ...named("overlappingrangeipreservations"), shape: object };

/**
 * Reads all pools and reservations of whereabouts, then all pods: a pod that has an address of a pool has
 * had time to show it by then.
 *
 * @throws IpamError kubernetesRefused, tryAgain.
 */
export async function readWhereaboutsState(
  settings: ClusterSettings,
  deadline: number,
): Promise<WhereaboutsState> {
  const api = new Api(loadCredentials(settings));
  const pools: WhereaboutsPool[] = [];
  const reservations: WhereaboutsReservation[] = [];
  const pods: PodFacts[] = [];
  for await (const each of listObjects(api, IP_POOLS, deadline)) pools.push(poolOf(each));
  for await (const each of listObjects(api, RESERVATIONS, deadline)) reservations.push(reservationOf(each));
  for await (const each of listObjects(api, PODS, deadline)) pods.push(podFacts(each));
  return { pools, reservations, pods };
}

/**
 * Reads the same from a list that `kubectl get … -o json` printed, with the cluster's UID if it is there. All objects
 * that cannot be read are told together.
 *
 * @throws IpamError decode where it is no such list.
 */
export function parseWhereaboutsList(
  document: unknown,
  source: string,
): { readonly state: WhereaboutsState; readonly cluster?: string } {
  const list = v.safeParse(v.object({ items: v.array(v.object({ kind: v.string() })) }), document);
  if (!list.success) throw notAList(source, 'expected {"kind": "List", "items": […]}');
  const items = (document as { items: readonly { kind: string }[] }).items;
  const damages: string[] = [];
  const of = <T>(kind: string, shape: v.GenericSchema<unknown, T>): T[] =>
    items
      .filter((item) => item.kind === kind)
      .flatMap((item) => {
        const parsed = v.safeParse(shape, item);
        if (parsed.success) return [parsed.output];
        damages.push(faultOf(kind, item, parsed.issues[0]));
        return [];
      });
  const read = {
    pools: of("IPPool", object).map(poolOf),
    reservations: of("OverlappingRangeIPReservation", object).map(reservationOf),
    pods: of("Pod", podShape).map(podFacts),
  };
  const namespaces = of("Namespace", v.object({ metadata: v.object({ name: v.string(), uid: v.string() }) }));
  const cluster = namespaces.find((each) => each.metadata.name === "kube-system")?.metadata.uid;
  return { state: { ...read, damages }, ...(cluster !== undefined && { cluster }) };
}

function faultOf(kind: string, item: unknown, { message, path }: v.BaseIssue<unknown>): string {
  const { metadata } = item as { metadata?: { namespace?: unknown; name?: unknown } };
  const name = [metadata?.namespace, metadata?.name].filter((part) => typeof part === "string").join("/");
  return `${kind} '${name}' cannot be read: ${(path ?? []).map(({ key }) => String(key)).join(".")}: ${message}`;
}

function named(plural: string): Pick<Kind<unknown>, "group" | "version" | "plural"> {
  return { group: "whereabouts.cni.cncf.io", version: "v1alpha1", plural };
}

function poolOf({ metadata: { name }, spec }: Loose): WhereaboutsPool {
  const { range, allocations } = members(spec) ?? {};
  const pool = { name, range: typeof range === "string" ? range : "" };
  const entries = members(allocations ?? {});
  if (entries === undefined)
    return { ...pool, allocations: {}, damage: "its allocations cannot be read: expected an object" };
  const read = Object.entries(entries).map(([offset, each]) => [offset, entryOf(each)] as const);
  return { ...pool, allocations: Object.fromEntries(read) };
}

function reservationOf({ metadata: { name }, spec }: Loose): WhereaboutsReservation {
  return { name, ...entryOf({ ...members(spec), id: members(spec)?.containerid }) };
}

function entryOf(entry: unknown): WhereaboutsEntry {
  const { id, podref, ifname } = members(entry) ?? {};
  return { ...textAs("id", id), ...textAs("podref", podref), ...textAs("ifname", ifname) };
}

/** Nothing where there is no text: what is empty or something else tells as little. */
function textAs(key: keyof WhereaboutsEntry, value: unknown): WhereaboutsEntry {
  return typeof value === "string" && value !== "" ? { [key]: value } : {};
}

type Members = Readonly<Record<string, unknown>>;

/** Undefined for a list and for null. */
function members(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Members)
    : undefined;
}

function notAList(what: string, why: string): IpamError {
  return new IpamError(
    "decode",
    `${what} cannot be read`,
    `${why}; make the file with 'kubectl get -A -o json ippools.whereabouts.cni.cncf.io,` +
      "overlappingrangeipreservations.whereabouts.cni.cncf.io,pods,namespaces'",
  );
}
