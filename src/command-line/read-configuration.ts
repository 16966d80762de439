import { readFileSync } from "node:fs";
import { ourPlugin } from "../config/parse/our-plugin.ts";
import type { NodeFileText } from "../config/settings/node-file.ts";
import { isObject, type Json, member, parseJsonObject } from "../config/text/json-text.ts";
import { type Refuse, refuseKey } from "../config/text/key-fault.ts";
import { NETWORK_OR_LIST } from "../config/text/places.ts";
import { readDocument } from "../config/text/read-document.ts";
import { IpamError } from "../ipam/errors.ts";

/** The file that `--config` names: the node's file, or a network's configuration as the plugin reads it. */
export type ConfigurationFile =
  | { readonly kind: "node"; readonly file: NodeFileText }
  | { readonly kind: "network"; readonly path: string; readonly stdin: string };

/**
 * Reads a network's configuration: a single one, a list, or a NetworkAttachmentDefinition in JSON. Any
 * other JSON object counts as the node's file.
 *
 * @throws IpamError io, decode; invalidConfig for a list without kube-ipam, or with keys of ours that are there twice.
 */
export function readConfiguration(path: string): ConfigurationFile {
  const text = readText(path);
  const document = parseJsonObject(text, path);
  const network = isObject(member(document, "spec"))
    ? networkOfDefinition(document, path)
    : networkIn(text, path);
  if (network === undefined) return { kind: "node", file: { path, text } };
  return { kind: "network", path, stdin: network.stdin };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (failure) {
    throw new IpamError(
      "io",
      `the configuration ${path} cannot be read: ${(failure as Error).message}`,
      "name a network's configuration, or the node's file, with --config",
    );
  }
}

/** A network's configuration as the plugin reads it. */
export interface NetworkText {
  readonly stdin: string;
  /** As given: it may be no name at all. */
  readonly name: unknown;
}

/**
 * The configuration that a NetworkAttachmentDefinition holds.
 *
 * @throws IpamError decode; invalidConfig for a list without kube-ipam, or with keys of ours that are there twice.
 */
export function networkOfDefinition(definition: Json, path: string): NetworkText | undefined {
  const spec = member(definition, "spec");
  const config = isObject(spec) ? member(spec, "config") : undefined;
  const network = typeof config === "string" ? networkIn(config, `${path}: spec.config`) : undefined;
  const metadata = member(definition, "metadata");
  if (network === undefined || (network.name ?? "") !== "" || !isObject(metadata)) return network;
  // Multus names a network after its definition where the configuration has no name, or an empty one.
  const name = member(metadata, "name");
  return { name, stdin: JSON.stringify({ ...read(network.stdin, path, refuseKey), name }) };
}

/** A single configuration is handed on as it came; a list, as libcni does, without what is around our plugin. */
function networkIn(text: string, path: string): NetworkText | undefined {
  const document = read(text, path, () => undefined);
  if (!Array.isArray(member(document, "plugins"))) {
    return isObject(member(document, "ipam")) ? { stdin: text, name: member(document, "name") } : undefined;
  }
  const plugin = ourPlugin(read(text, path, refuseKey));
  if (plugin !== undefined) return { stdin: JSON.stringify(plugin), name: member(plugin, "name") };
  throw new IpamError(
    "invalidConfig",
    `${path} lists no plugin whose ipam.type is "kube-ipam"`,
    "name the configuration of a network that kube-ipam serves",
  );
}

function read(text: string, path: string, refuse: Refuse): Json {
  return readDocument(text, { subject: path, prefix: `${path}: `, place: NETWORK_OR_LIST, refuse });
}
