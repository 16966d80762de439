import { readFileSync } from "node:fs";
import { ourPlugin } from "../config/parse/our-plugin.ts";
import type { NodeFileText } from "../config/settings/node-file.ts";
import { isObject, type Json, member, parseJsonObject } from "../config/text/json-text.ts";
import { IpamError } from "../ipam/errors.ts";

/** The file that `--config` names: the node's file, or a network's configuration as the plugin reads it. */
export type ConfigurationFile =
  | { readonly kind: "node"; readonly file: NodeFileText }
  | { readonly kind: "network"; readonly path: string; readonly stdin: string };

/**
 * Reads a network's configuration: a single one, a list, or a NetworkAttachmentDefinition in JSON. Any
 * other JSON object counts as the node's file.
 *
 * @throws IpamError io, decode, or invalidConfig for a list without kube-ipam.
 */
export function readConfiguration(path: string): ConfigurationFile {
  const text = readText(path);
  const document = parseJsonObject(text, path);
  const network = networkIn(document, path);
  if (network === undefined) return { kind: "node", file: { path, text } };
  return { kind: "network", path, stdin: JSON.stringify(network) };
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

/**
 * Finds the network's configuration in a single one, a list or a NetworkAttachmentDefinition, as the
 * plugin reads it. Undefined where the document holds none.
 *
 * @throws IpamError decode; invalidConfig for a list without kube-ipam.
 */
export function networkIn(document: Json, path: string): Json | undefined {
  const spec = member(document, "spec");
  const config = isObject(spec) ? member(spec, "config") : undefined;
  if (typeof config === "string")
    return withDefinitionName(networkIn(parseJsonObject(config, `${path}: spec.config`), path), document);
  if (Array.isArray(member(document, "plugins"))) return ourPluginOf(document, path);
  return isObject(member(document, "ipam")) ? document : undefined;
}

function ourPluginOf(list: Json, path: string): Json {
  const plugin = ourPlugin(list);
  if (plugin !== undefined) return plugin;
  throw new IpamError(
    "invalidConfig",
    `${path} lists no plugin whose ipam.type is "kube-ipam"`,
    "name the configuration of a network that kube-ipam serves",
  );
}

/** Multus names a network after its definition where the configuration has no name. */
function withDefinitionName(network: Json | undefined, definition: Json): Json | undefined {
  const metadata = member(definition, "metadata");
  if (network === undefined || member(network, "name") !== undefined || !isObject(metadata)) return network;
  return { ...network, name: member(metadata, "name") };
}
