import type { Api } from "../../kubernetes/api/api.ts";
import { LEASES } from "../../kubernetes/api/kinds.ts";
import type { Lease } from "../../kubernetes/api/shapes.ts";
import { createObject, replaceObject } from "../../kubernetes/api/write-objects.ts";
import type { LeasePort, LeaseView } from "./election.ts";

/** A Lease of coordination.k8s.io behind the lease port; its times are for people. */
export function leaseOn(api: Api, name: { readonly namespace: string; readonly name: string }): LeasePort {
  return {
    read: async (deadline) => {
      const lease = await api.getBuiltIn(LEASES, name, deadline);
      return lease && viewOf(lease);
    },
    write: async (lease, previous, deadline) => {
      const body = bodyOf(name, lease, previous);
      const outcome =
        previous === undefined
          ? await createObject(api, LEASES, name, body, deadline)
          : await replaceObject(api, LEASES, name, body, deadline);
      return outcome !== "exists" && outcome !== "conflict";
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

function bodyOf(
  name: { readonly namespace: string; readonly name: string },
  lease: Omit<LeaseView, "version">,
  previous: LeaseView | undefined,
): object {
  const now = `${new Date().toISOString().slice(0, -1)}000Z`;
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...name, ...(previous && { resourceVersion: previous.version }) },
    spec: {
      holderIdentity: lease.holder,
      leaseDurationSeconds: lease.durationSeconds,
      leaseTransitions: lease.transitions,
      renewTime: now,
      ...(previous?.holder !== lease.holder && { acquireTime: now }),
    },
  };
}
