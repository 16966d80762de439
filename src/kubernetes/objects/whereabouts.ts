import * as v from "valibot";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import type {
  WhereaboutsPool,
  WhereaboutsReservation,
  WhereaboutsState,
} from "../../portable/whereabouts.ts";
import { Api } from "../api/api.ts";
import { type Kind, PODS } from "../api/kinds.ts";
import { listObjects } from "../api/list-objects.ts";
import { pod as podShape } from "../api/shapes.ts";
import { type ClusterSettings, loadCredentials } from "../credentials/credentials.ts";
import { podFacts } from "./pod-facts.ts";

/** Whereabouts' custom resources, v1alpha1 as its doc/crds defines them. */

const metadata = v.object({ name: v.string() });
const text = v.nullish(v.string(), "");

const ipPool = v.object({
  metadata,
  spec: v.object({
    range: v.string(),
    allocations: v.nullish(
      v.record(v.string(), v.object({ id: v.string(), podref: v.string(), ifname: text })),
      {},
    ),
  }),
});

const reservation = v.object({ metadata, spec: v.object({ podref: v.string(), ifname: text }) });

const IP_POOLS: Kind<v.InferOutput<typeof ipPool>> = { ...named("ippools"), shape: ipPool };
const RESERVATIONS: Kind<v.InferOutput<typeof reservation>> = {
  ...named("overlappingrangeipreservations"),
  shape: reservation,
};

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

/** Reads the same from a list that `kubectl get … -o json` printed, with the cluster's UID if it is there. @throws IpamError decode */
export function parseWhereaboutsList(
  document: unknown,
  source: string,
): { readonly state: WhereaboutsState; readonly cluster?: string } {
  const list = v.safeParse(v.object({ items: v.array(v.object({ kind: v.string() })) }), document);
  if (!list.success) throw notAList(source, 'expected {"kind": "List", "items": […]}');
  const items = (document as { items: readonly { kind: string }[] }).items;
  const of = <T>(kind: string, shape: v.GenericSchema<unknown, T>): T[] =>
    items.filter((item) => item.kind === kind).map((item) => parse(shape, item, `${source}: a ${kind}`));
  const state = {
    pools: of("IPPool", ipPool).map(poolOf),
    reservations: of("OverlappingRangeIPReservation", reservation).map(reservationOf),
    pods: of("Pod", podShape).map(podFacts),
  };
  const namespaces = of("Namespace", v.object({ metadata: v.object({ name: v.string(), uid: v.string() }) }));
  const cluster = namespaces.find((each) => each.metadata.name === "kube-system")?.metadata.uid;
  return { state, ...(cluster !== undefined && { cluster }) };
}

function named(plural: string): Pick<Kind<unknown>, "group" | "version" | "plural"> {
  return { group: "whereabouts.cni.cncf.io", version: "v1alpha1", plural };
}

function poolOf({ metadata: { name }, spec }: v.InferOutput<typeof ipPool>): WhereaboutsPool {
  return { name, range: spec.range, allocations: withoutNull(spec.allocations) };
}

function withoutNull(allocations: v.InferOutput<typeof ipPool>["spec"]["allocations"]) {
  const entries = Object.entries(allocations ?? {});
  return Object.fromEntries(
    entries.map(([offset, each]) => [offset, { ...each, ifname: each.ifname ?? "" }]),
  );
}

function reservationOf({
  metadata: { name },
  spec,
}: v.InferOutput<typeof reservation>): WhereaboutsReservation {
  return { name, podref: spec.podref, ifname: spec.ifname ?? "" };
}

function parse<T>(shape: v.GenericSchema<unknown, T>, item: unknown, what: string): T {
  const parsed = v.safeParse(shape, item);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw notAList(what, `${(issue.path ?? []).map(({ key }) => String(key)).join(".")}: ${issue.message}`);
}

function notAList(what: string, why: string): IpamError {
  return new IpamError(
    "decode",
    `${what} cannot be read`,
    `${why}; make the file with 'kubectl get -A -o json ippools.whereabouts.cni.cncf.io,` +
      "overlappingrangeipreservations.whereabouts.cni.cncf.io,pods,namespaces'",
  );
}
