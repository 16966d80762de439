import { API_VERSION, GROUP, VERSION } from "../../operator/wire.ts";

const OF_VERSION = { groupVersion: API_VERSION, version: VERSION };

/** What `kubectl api-resources` and the API server's aggregator ask. */
export const API_GROUP = {
  kind: "APIGroup",
  apiVersion: "v1",
  name: GROUP,
  versions: [OF_VERSION],
  preferredVersion: OF_VERSION,
};

export const API_RESOURCES = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: API_VERSION,
  resources: [
    resource("addresses", "Address", ["get", "list"], { singularName: "address", shortNames: ["ipaddr"] }),
    resource("pods/why", "Why", ["get"]),
    resource("releases", "Release", ["create"]),
    resource("reservations", "Reservation", ["create", "delete"]),
  ],
};

function resource(name: string, kind: string, verbs: readonly string[], more: object = {}): object {
  return { name, singularName: "", namespaced: true, kind, verbs, ...more };
}
