import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { IpamError } from "../errors.ts";
import type { Owner, ReservationRecord } from "../records.ts";
import { calledBy } from "../testing/called-by.ts";
import { ADDRESS } from "../testing/hand-over.ts";
import { judgeReservation, type ReservationFacts } from "./judge-reservation.ts";

const db: Owner = { kind: "StatefulSet", namespace: "default", name: "db", uid: "uid-db" };
const web: Owner = { kind: "Deployment", namespace: "default", name: "web", uid: "uid-web" };

function reservation(change: Partial<ReservationRecord> = {}): ReservationRecord {
  return {
    version: 1,
    owner: db,
    kind: "automatic",
    retain: "workload",
    since: "2026-01-01T00:00:00Z",
    ...change,
  };
}

function facts(change: Partial<ReservationFacts> = {}): ReservationFacts {
  return {
    address: ADDRESS,
    space: "default",
    reservation: reservation(),
    asker: {
      pod: { namespace: "other", name: "x-1", uid: "uid-x" },
      owner: { owner: { ...web, namespace: "other" } },
      names: true,
    },
    held: false,
    ownerState: "present",
    ...change,
  };
}

function outcome(given: ReservationFacts): string {
  const verdict = judgeReservation(given);
  if (verdict.action === "pass-on") return `pass-on: ${verdict.reason}`;
  if (verdict.action === "own") return "own";
  return `${verdict.refusal.code} ${verdict.refusal.message}; ${verdict.refusal.details}`;
}

const neighbour = { pod: { namespace: "default", name: "web-1", uid: "uid-w" }, owner: { owner: web } };
const end = "; choose another address, or end the reservation with 'kube-ipam ip unreserve 10.188.0.216'";
const held = "101 address 10.188.0.216 is reserved for StatefulSet default/db; ";

describe("who may take a reserved address", () => {
  const cases: [string, ReservationFacts, string][] = [
    ["its owner", facts({ asker: { owner: { owner: db }, names: false } }), "own"],
    [
      "its owner by a UID that the own API server has, whatever the cluster's name",
      facts({
        reservation: reservation({ cluster: "cluster-2" }),
        clusterNames: calledBy("cluster-1"),
        asker: { owner: { owner: db }, names: false },
      }),
      "own",
    ],
    ...(["gone", "unknown"] as const).map((ownerState): [string, ReservationFacts, string] => [
      `another cluster's owner by a UID that is ${ownerState} here`,
      facts({
        reservation: reservation({ cluster: "cluster-2" }),
        clusterNames: calledBy("cluster-1"),
        asker: { owner: { owner: db }, names: true },
        ownerState,
      }),
      `${held}the reservation belongs to another cluster (cluster-2)${end}`,
    ]),
    ...[
      { ...db, namespace: "team-b" },
      { ...db, kind: "ReplicaSet", namespace: "team-b", name: "evil" },
      { ...db, kind: "Zed", namespace: "team-b", apiVersion: "x.io/v1" },
    ].map((owner): [string, ReservationFacts, string] => [
      `a ${owner.kind} of another namespace that bears its owner's UID`,
      facts({ asker: { pod: { namespace: "team-b", name: "evil-0" }, owner: { owner }, names: true } }),
      `${held}kube-ipam keeps the address for that owner while it exists${end}`,
    ]),
    [
      "another kind of its namespace that bears its owner's UID, and does not name it",
      facts({
        asker: { pod: neighbour.pod, owner: { owner: { ...db, kind: "ReplicaSet" } }, names: false },
      }),
      `${held}kube-ipam keeps the address for that owner while it exists${end}`,
    ],
    [
      "an operator's, for one who bears its owner's UID in another namespace",
      facts({
        reservation: reservation({ kind: "operator" }),
        asker: { owner: { owner: { ...db, namespace: "team-b" } }, names: true },
      }),
      `${held}an operator's reservation ends only when an operator ends it${end}`,
    ],
    [
      "retain: delete, still held, once its owner is gone",
      facts({ reservation: reservation({ retain: "delete" }), held: true, ownerState: "gone" }),
      "pass-on: its owner is gone",
    ],
    [
      "a container that is no pod, reserved for a pod",
      facts({
        reservation: reservation({ owner: { kind: "Pod", namespace: "default", name: "db-0" } }),
        asker: { names: true },
      }),
      `101 address 10.188.0.216 is reserved for Pod default/db-0; kube-ipam keeps the address for that owner while it exists${end}`,
    ],
    [
      "its owner by name, where no UID is recorded",
      facts({
        reservation: reservation({ owner: { kind: "StatefulSet", namespace: "default", name: "db" } }),
        asker: { owner: { owner: db }, names: false },
      }),
      "own",
    ],
    [
      "the pod itself, reserved for by name",
      facts({
        reservation: reservation({ owner: { kind: "Pod", namespace: "default", name: "db-0" } }),
        asker: {
          pod: { namespace: "default", name: "db-0", uid: "uid-1" },
          owner: { owner: db },
          names: true,
        },
      }),
      "own",
    ],
    [
      "an operator's reservation for its workload",
      facts({ reservation: reservation({ kind: "operator" }), asker: { owner: { owner: db }, names: true } }),
      "own",
    ],
    [
      "another workload of the namespace that names it",
      facts({ asker: { ...neighbour, names: true } }),
      "pass-on: the pod is in the owner's namespace and names the address",
    ],
    [
      "another workload of the namespace that does not name it",
      facts({ asker: { ...neighbour, names: false } }),
      `${held}kube-ipam keeps the address for that owner while it exists${end}`,
    ],
    ["another namespace", facts(), `${held}kube-ipam keeps the address for that owner while it exists${end}`],
    ["another namespace, owner gone", facts({ ownerState: "gone" }), "pass-on: its owner is gone"],
    [
      "another namespace, owner unknown",
      facts({ ownerState: "unknown" }),
      `${held}kube-ipam could not read whether that owner still exists${end}`,
    ],
    [
      "another namespace, and Kubernetes did not answer",
      facts({ ownerState: "unknown", unknownBecause: new IpamError("tryAgain", "it answered 500") }),
      "11 address 10.188.0.216 is reserved for StatefulSet default/db; " +
        `kube-ipam could not read whether that owner still exists (it answered 500)${end}`,
    ],
    [
      "another namespace, and Kubernetes may not be asked",
      facts({ ownerState: "unknown", unknownBecause: new IpamError("kubernetesRefused", "no right") }),
      `${held}kube-ipam could not read whether that owner still exists (no right)${end}`,
    ],
    [
      "no pod at all, owner gone",
      facts({ asker: { names: true }, ownerState: "gone" }),
      "pass-on: its owner is gone",
    ],
    [
      "kept beyond its owner",
      facts({ reservation: reservation({ retain: "keep" }), ownerState: "gone" }),
      `${held}the pod that had it asked to keep it (kube-ipam.retain: keep)${end}`,
    ],
    [
      "kept for a time after its owner",
      facts({ reservation: reservation({ retain: 600 }), ownerState: "gone" }),
      `${held}it stays reserved for 600 s after its owner is gone (kube-ipam.retain)${end}`,
    ],
    [
      "kept for a time after its owner, of whom nobody was asked",
      facts({ reservation: reservation({ retain: 3_600 }), ownerState: "not asked" }),
      `${held}it stays reserved for 3600 s after its owner is gone (kube-ipam.retain)${end}`,
    ],
    [
      "to end with its pod, which is gone",
      facts({ reservation: reservation({ retain: "delete" }) }),
      "pass-on: it was made to end with its pod",
    ],
    [
      "to end with its pod, which has it still",
      facts({ reservation: reservation({ retain: "delete" }), held: true }),
      `${held}kube-ipam keeps the address for that owner while it exists${end}`,
    ],
    [
      "an operator's, of the same namespace, owner gone",
      facts({
        reservation: reservation({ kind: "operator", note: "printer" }),
        asker: { ...neighbour, names: true },
        ownerState: "gone",
      }),
      `101 address 10.188.0.216 is reserved for StatefulSet default/db (printer); an operator's reservation ends only when an operator ends it${end}`,
    ],
    [
      "an operator's note",
      facts({
        reservation: reservation({
          kind: "operator",
          owner: { kind: "Note", namespace: "", name: "router" },
        }),
      }),
      `101 address 10.188.0.216 is reserved for 'router'; an operator's reservation ends only when an operator ends it${end}`,
    ],
    [
      "another cluster's, of a namespace of that name",
      facts({
        reservation: reservation({ cluster: "b" }),
        clusterNames: calledBy("a"),
        asker: { ...neighbour, names: true },
        ownerState: "gone",
      }),
      `${held}the reservation belongs to another cluster (b)${end}`,
    ],
    [
      "another cluster's workload of that name",
      facts({
        reservation: reservation({
          cluster: "b",
          owner: { kind: "StatefulSet", namespace: "default", name: "db" },
        }),
        clusterNames: calledBy("a"),
        asker: { owner: { owner: db }, names: true },
      }),
      `${held}the reservation belongs to another cluster (b)${end}`,
    ],
    [
      "perhaps another cluster's",
      facts({ reservation: reservation({ cluster: "b" }), asker: { ...neighbour, names: true } }),
      "11 address 10.188.0.216 is reserved for StatefulSet default/db; kube-ipam could not read the UID of this cluster, " +
        `so the reservation may belong to another cluster${end}`,
    ],
  ];
  test.each(cases)("%s", (_name, given, expected) => {
    expect(outcome(given)).toBe(expected);
  });
});

test("an operator's reservation yields to nobody but its owner, whatever the facts", () => {
  const any = fc.record({
    held: fc.boolean(),
    ownerState: fc.constantFrom("present", "gone", "unknown"),
    retain: fc.constantFrom("workload", "delete", "keep", 0, 600),
    names: fc.boolean(),
  });
  fc.assert(
    fc.property(any, ({ held: isHeld, ownerState, retain, names }) => {
      const given = facts({
        reservation: reservation({ kind: "operator", retain: retain as ReservationRecord["retain"] }),
        asker: { ...neighbour, names },
        held: isHeld,
        ownerState: ownerState as ReservationFacts["ownerState"],
      });
      expect(judgeReservation(given).action).toBe("refuse");
    }),
  );
});
