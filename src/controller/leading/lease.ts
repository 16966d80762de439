import type { Api } from "../../kubernetes/api/api.ts";
import { LEASES } from "../../kubernetes/api/kinds.ts";
import type { Lease } from "../../kubernetes/api/shapes.ts";
import { createObject, patchObject } from "../../kubernetes/api/write-objects.ts";
import type { LeasePort, LeaseView } from "./election.ts";

/**
 * A Lease of coordination.k8s.io behind the lease port; its times are for people. The installation makes it,
 * empty; where it is missing it is made, which only a user may who has that right.
 */
export function leaseOn(api: Api, name: { readonly namespace: string; readonly name: string }): LeasePort {
  return {
    read: async (deadline) => {
      const lease = await api.getBuiltIn(LEASES, name, deadline);
      return lease && viewOf(lease);
    },
    write: async (lease, previous, deadline) => {
      const spec = specOf(lease, previous);
      if (previous === undefined) {
        const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: name, spec };
        return (await createObject(api, LEASES, name, body, deadline)) !== "exists";
      }
      const patch = { metadata: { resourceVersion: previous.version }, spec };
      return (await patchObject(api, LEASES, name, { type: "merge", patch }, deadline)) !== undefined;
    },
  };
}

function viewOf({ metadata, spec }: Lease): LeaseView {
  return {
    holder: spec.holderIdentity ?? "",
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    transitions: spec.leaseTransitions ?? 0,
    version: metadata.resourceVersion,
  };
}

function specOf(lease: Omit<LeaseView, "version">, previous: LeaseView | undefined): object {
  const now = `${new Date().toISOString().slice(0, -1)}000Z`;
  return {
    holderIdentity: lease.holder,
    leaseDurationSeconds: lease.durationSeconds,
    leaseTransitions: lease.transitions,
    renewTime: now,
    ...(previous?.holder !== lease.holder && { acquireTime: now }),
  };
}
