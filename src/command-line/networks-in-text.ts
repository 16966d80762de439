import { ourPlugin } from "../config/parse/our-plugin.ts";
import { isObject, type Json, member } from "../config/text/json-text.ts";
import { type Refuse, refuseKey } from "../config/text/key-fault.ts";
import { memberInAnyCase, NETWORK_OR_LIST } from "../config/text/places.ts";
import { readDocument } from "../config/text/read-document.ts";

/** A network's configuration as the plugin reads it. */
export interface NetworkText {
  readonly stdin: string;
  /** As given: it may be no name at all. */
  readonly name: unknown;
}

/**
 * The networks of kube-ipam in a configuration: its own, or that of a list's plugin, and those of its delegates, which
 * Multus hands on (also as a plugin of a list). A single configuration is handed on as it came; a list, as libcni does,
 * without what is around our plugin.
 *
 * @throws IpamError decode; invalidConfig for keys of ours that are there twice.
 */
export function networksInText(text: string, path: string, level = 0): NetworkText[] {
  const document = readNetworkDocument(text, path, () => undefined);
  const own = ownNetwork(text, document, path);
  return [...(own === undefined ? [] : [own]), ...delegatedNetworks(document, path, level)];
}

/** Reads a configuration's text. @throws IpamError decode, and what `refuse` throws. */
export function readNetworkDocument(text: string, path: string, refuse: Refuse): Json {
  return readDocument(text, { subject: path, prefix: `${path}: `, place: NETWORK_OR_LIST, refuse });
}

function ownNetwork(text: string, document: Json, path: string): NetworkText | undefined {
  if (ourPlugin(document) === undefined) return undefined;
  if (!Array.isArray(member(document, "plugins"))) return { stdin: text, name: member(document, "name") };
  const plugin = ourPlugin(readNetworkDocument(text, path, refuseKey));
  return plugin && { stdin: JSON.stringify(plugin), name: member(plugin, "name") };
}

/** Each level is read anew, so that many would cost their square. */
const MOST_LEVELS = 4;

function delegatedNetworks(document: Json, path: string, level: number): NetworkText[] {
  if (level >= MOST_LEVELS) return [];
  const plugins = listIn(document, "plugins");
  const inPlugins = plugins.flatMap((plugin, index) =>
    isObject(plugin) ? delegatesOf(plugin, `${path}: plugins[${index}].`, level) : [],
  );
  return [...delegatesOf(document, `${path}: `, level), ...inPlugins];
}

function delegatesOf(document: Json, place: string, level: number): NetworkText[] {
  return listIn(document, "delegates").flatMap((delegate, index) =>
    isObject(delegate)
      ? networksInText(JSON.stringify(delegate), `${place}delegates[${index}]`, level + 1)
      : [],
  );
}

function listIn(document: Json, key: string): readonly unknown[] {
  const list = memberInAnyCase(document, key);
  return Array.isArray(list) ? list : [];
}
