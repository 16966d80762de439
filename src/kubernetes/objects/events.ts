import { cutWithin } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import type { Api } from "../api/api.ts";
import { EVENTS } from "../api/kinds.ts";
import { createObject } from "../api/write-objects.ts";

/** The object of an Event; a Node has no namespace. */
export interface Concerned {
  readonly kind: "Pod" | "Node";
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** An Event to record. */
export interface Happening {
  readonly concerned: Concerned;
  readonly type: "Normal" | "Warning";
  /** In CamelCase, as Kubernetes' own. */
  readonly reason: string;
  readonly message: string;
  /** The reporter, such as "kube-ipam-controller". */
  readonly component: string;
}

/** Kubernetes refuses longer ones. */
const LONGEST_MESSAGE = 1024;

/** Records a Kubernetes Event. Best effort: never throws, even where the namespace is gone. */
export async function recordEvent(api: Api, happening: Happening, deadline: number): Promise<void> {
  const { component, concerned, message, reason, type } = happening;
  const namespace = concerned.namespace ?? "default";
  const name = `${concerned.name.slice(0, 200)}.${crypto.randomUUID().slice(0, 13)}`;
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const body = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    // As the kubelet does: a Node's name stands in the place of its UID.
    involvedObject: {
      apiVersion: "v1",
      ...concerned,
      ...(concerned.kind === "Node" && { uid: concerned.name }),
    },
    type,
    reason,
    message: cutWithin(visibleLine(message), LONGEST_MESSAGE),
    source: { component },
    reportingComponent: component,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  await createObject(api, EVENTS, { namespace, name }, body, deadline).catch(() => undefined);
}
