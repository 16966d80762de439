import { isObject, type Json, member, parseJsonObject } from "../config/text/json-text.ts";
import { refuseKey } from "../config/text/key-fault.ts";
import { IpamError } from "../ipam/errors.ts";
import { type NetworkText, networksInText, readNetworkDocument } from "./networks-in-text.ts";

/** What a NetworkAttachmentDefinition says of its network. */
export type DefinedText =
  | { readonly is: "ours"; readonly network: NetworkText }
  /** Of another IPAM plugin, or of none. */
  | { readonly is: "foreign" }
  /** Without a configuration: Multus looks for the network of the definition's name in a folder of the node. */
  | { readonly is: "elsewhere" };

/**
 * The configuration that a NetworkAttachmentDefinition holds.
 *
 * @throws IpamError decode for one that is no JSON; invalidConfig for keys of ours that are there twice.
 */
export function networkOfDefinition(definition: Json, path: string): DefinedText {
  const spec = member(definition, "spec");
  const config = isObject(spec) ? (member(spec, "config") ?? "") : "";
  if (typeof config !== "string")
    throw new IpamError("decode", `${path}: spec.config must be a string of JSON`);
  if (config.trim() === "") return { is: "elsewhere" };
  const place = `${path}: spec.config`;
  const [network] = networksInText(config, place);
  if (network === undefined) return { is: "foreign" };
  const name = nameOf(definition);
  if ((network.name ?? "") !== "" || name === undefined) return { is: "ours", network };
  // Multus names a network after its definition where the configuration has no name, or an empty one.
  const stdin = JSON.stringify({ ...readNetworkDocument(network.stdin, place, refuseKey), name });
  return { is: "ours", network: { name, stdin } };
}

/** The name in an object's metadata. */
export function nameOf(object: Json): string | undefined {
  const metadata = member(object, "metadata");
  const name = isObject(metadata) ? member(metadata, "name") : undefined;
  return typeof name === "string" ? name : undefined;
}

/**
 * The definitions in a file of Kubernetes' objects: one object, or a list of them.
 *
 * @throws IpamError invalidConfig for objects of other kinds alone.
 */
export function definitionsIn(document: Json, path: string): Json[] {
  const items = member(document, "items");
  const objects = Array.isArray(items) ? items.filter(isObject) : [document];
  const definitions = objects.filter(
    (each) => member(each, "kind") === KIND || isObject(member(each, "spec")),
  );
  const found = definitions.filter((each) => (member(each, "kind") ?? KIND) === KIND);
  if (found.length > 0) return found;
  const kinds = [...new Set(objects.map((each) => String(member(each, "kind") ?? "nothing")))].slice(0, 4);
  throw new IpamError(
    "invalidConfig",
    `${path} holds no ${KIND}, but ${kinds.join(", ") || "an empty list"}`,
    "name a network's configuration, a NetworkAttachmentDefinition, or the node's file, with --config",
  );
}

const KIND = "NetworkAttachmentDefinition";

/**
 * Reads a file's document: JSON, or what `kubectl get -o yaml` prints of Kubernetes' objects.
 *
 * @throws IpamError decode.
 */
export function readObjects(text: string, path: string): Json {
  if (text.trimStart().startsWith("{") || !OBJECTS_IN_YAML.test(text)) return parseJsonObject(text, path);
  const found = parseYaml(text, path);
  const documents = (Array.isArray(found) ? found : [found]).filter(isObject);
  const [only, ...further] = documents;
  return only !== undefined && further.length === 0 ? only : { kind: "List", items: documents };
}

const OBJECTS_IN_YAML = /^(kind|apiVersion):/m;

function parseYaml(text: string, path: string): unknown {
  try {
    return Bun.YAML.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new IpamError(
      "decode",
      `${path} is not valid YAML: ${reason}`,
      "write it as JSON: kubectl get -o json",
    );
  }
}
