import type { Json } from "./json-text.ts";
import { memberInAnyCase } from "./places.ts";

/**
 * What a document is, by the keys that only one kind has. This is the one place that decides what a node's file is: a
 * document with a key that belongs to another kind is none, whatever else is in it, so that a command never works on the
 * default store because a file was mistaken for the node's.
 *
 * - "object": of Kubernetes.
 * - "network": for a CNI plugin, or a list of plugins.
 * - "node": the node's file. It may have the `type` that the network's `ipam` has.
 */
export function kindOfDocument(document: Json): "object" | "network" | "node" {
  if (hasAny(document, OBJECT_KEYS)) return "object";
  if (hasAny(document, NETWORK_KEYS)) return "network";
  const type = memberInAnyCase(document, "type");
  return type === undefined || type === "kube-ipam" ? "node" : "network";
}

const OBJECT_KEYS: readonly string[] = ["kind", "apiVersion", "metadata", "spec", "items"];
const NETWORK_KEYS: readonly string[] = [
  "cniVersion",
  "ipam",
  "plugins",
  "delegates",
  "delegate",
  "prevResult",
];

function hasAny(document: Json, keys: readonly string[]): boolean {
  return keys.some((key) => memberInAnyCase(document, key) !== undefined);
}
