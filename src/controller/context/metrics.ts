import { Counter, Gauge, Registry } from "prom-client";
import { CountMetrics } from "./count-metrics.ts";

export type Metrics = ReturnType<typeof makeMetrics>;

/** What the controller counts. Labels have few values: never a pod, an address or a container. */
export function makeMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    counts: new CountMetrics(registry),
    leader: new Gauge({
      name: "kube_ipam_controller_leader",
      help: "1 while this replica leads.",
      registers,
    }),
    freed: new Counter({
      name: "kube_ipam_controller_freed_addresses_total",
      help: "Addresses freed because their node was fenced, by kind of fencing.",
      labelNames: ["fence"],
      registers,
    }),
    ended: new Counter({
      name: "kube_ipam_controller_reservations_ended_total",
      help: "Automatic reservations ended because their retention was over, by reason.",
      labelNames: ["reason"],
      registers,
    }),
    swept: new Counter({
      name: "kube_ipam_controller_swept_total",
      help: "What dead processes had left in the store and the controller removed, and records whose time was over.",
      registers,
    }),
    admissions: new Counter({
      name: "kube_ipam_controller_admissions_total",
      help: "Objects that admission judged, by answer.",
      labelNames: ["answer"],
      registers,
    }),
    operatorRequests: new Counter({
      name: "kube_ipam_controller_api_requests_total",
      help: "Requests to the operators' API, by HTTP status.",
      labelNames: ["code"],
      registers,
    }),
    rounds: new Counter({
      name: "kube_ipam_controller_rounds_total",
      help: "Rounds of the leader's tasks, by outcome.",
      labelNames: ["work", "outcome"],
      registers,
    }),
  };
}
