import type { NodeFileText } from "../config/settings/node-file.ts";
import { kindOfDocument } from "../config/text/document-kind.ts";
import { isObject, type Json } from "../config/text/json-text.ts";
import { memberInAnyCase } from "../config/text/places.ts";
import { readRegularFile } from "../files/regular-file.ts";
import { IpamError } from "../ipam/errors.ts";
import { definitionsIn, nameOf, networkOfDefinition, readObjects } from "./definitions.ts";
import { type NetworkText, networksInText } from "./networks-in-text.ts";

/** The file that `--config` names: the node's file, or a network's configuration as the plugin reads it. */
export type ConfigurationFile =
  | { readonly kind: "node"; readonly file: NodeFileText }
  | { readonly kind: "network"; readonly path: string; readonly stdin: string };

/**
 * Reads a file with one network of kube-ipam: a single configuration, a list, Multus' own with delegates, or
 * NetworkAttachmentDefinitions in JSON or YAML; or the node's file, which is what has no key of these
 * (`kindOfDocument`).
 *
 * @throws IpamError io, decode; invalidConfig for a file with none or several networks of kube-ipam, or with keys of ours
 * that are there twice.
 */
export function readConfiguration(path: string): ConfigurationFile {
  const text = readText(path);
  const document = readObjects(text, path);
  switch (kindOfDocument(document)) {
    case "node":
      return { kind: "node", file: { path, text } };
    case "object":
      return { kind: "network", path, stdin: definedNetwork(document, path).stdin };
    default:
      return { kind: "network", path, stdin: networkIn(text, document, path).stdin };
  }
}

/**
 * Reads a file for the runtime's folder: networks for CNI plugins, one of which at least is kube-ipam's.
 *
 * @throws IpamError as `readConfiguration`; invalidConfig for what a runtime would not read.
 */
export function readNetworkFile(path: string): NetworkText[] {
  const text = readText(path);
  const document = readObjects(text, path);
  const kind = kindOfDocument(document);
  if (kind === "network") {
    const networks = networksInText(text, path);
    return networks.length > 0 ? networks : [networkIn(text, document, path)];
  }
  throw new IpamError(
    "invalidConfig",
    `${path} is no network's configuration, but ${kind === "node" ? "a node's file" : `an object of Kubernetes`}`,
    "a runtime reads what a CNI plugin reads: name such a file; a NetworkAttachmentDefinition belongs into the cluster",
  );
}

function readText(path: string): string {
  try {
    return readRegularFile(path);
  } catch (failure) {
    throw new IpamError(
      "io",
      `the configuration ${path} cannot be read: ${(failure as Error).message}`,
      "name a network's configuration, or the node's file, with --config",
    );
  }
}

function networkIn(text: string, document: Json, path: string): NetworkText {
  const networks = networksInText(text, path);
  const [network] = networks;
  if (network !== undefined) return only(networks, network, path);
  // Reading it says what is wrong with its ipam.
  if (isObject(memberInAnyCase(document, "ipam")))
    return { stdin: text, name: memberInAnyCase(document, "name") };
  throw new IpamError(
    "invalidConfig",
    `${path} lists no plugin whose ipam.type is "kube-ipam"`,
    "name the configuration of a network that kube-ipam serves",
  );
}

function definedNetwork(document: Json, path: string): NetworkText {
  const definitions = definitionsIn(document, path);
  const defined = definitions.map((each) => ({ name: nameOf(each), ...networkOfDefinition(each, path) }));
  const networks = defined.flatMap((each) => (each.is === "ours" ? [each.network] : []));
  const [network] = networks;
  if (network !== undefined) return only(networks, network, path);
  const empty = defined.find(({ is }) => is === "elsewhere");
  if (empty === undefined)
    throw new IpamError(
      "invalidConfig",
      `${path} defines no network whose ipam.type is "kube-ipam"`,
      "name the definition of a network that kube-ipam serves",
    );
  const name = empty.name ?? "";
  throw new IpamError(
    "invalidConfig",
    `${path}: the NetworkAttachmentDefinition '${name}' has no configuration: Multus takes the network '${name}' from a ` +
      "folder of the node",
    "name that file with --config (in /etc/cni/net.d, as a rule)",
  );
}

function only(networks: readonly NetworkText[], network: NetworkText, path: string): NetworkText {
  if (networks.length === 1) return network;
  const names = networks.map(({ name }) => `'${String(name ?? "")}'`);
  const shown = names.slice(0, MOST_NAMED).join(", ");
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  throw new IpamError(
    "invalidConfig",
    `${path} holds ${networks.length} networks of kube-ipam: ${shown}${more}`,
    "write the one that is meant into a file of its own, and name that with --config",
  );
}

const MOST_NAMED = 8;
