import { CAPS } from "../../address/caps.ts";
import { subnetsOfSets } from "../../address/range.ts";
import { ourPlugin } from "../../config/parse/our-plugin.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { type Json, member } from "../../config/text/json-text.ts";
import { type Refuse, refuseKey } from "../../config/text/key-fault.ts";
import { NETWORK_OR_LIST } from "../../config/text/places.ts";
import { readDocument } from "../../config/text/read-document.ts";
import type { DefinedNetwork } from "../../ipam/cluster-port.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { NetworkAttachmentDefinition } from "./attachment-definition.ts";

/**
 * What a definition says of its network, read as an ADD of this node would read it.
 *
 * @param nodeFile defines the pools that a network may name.
 */
export function definedNetwork(
  { metadata, spec }: NetworkAttachmentDefinition,
  nodeFile: NodeFileText | undefined,
): DefinedNetwork {
  if (spec.config.trim() === "")
    return { kind: "unreadable", why: "it has no configuration: Multus reads that from a file of the node" };
  if (spec.config.length > CAPS.definition) return { kind: "unreadable", why: tooLong(spec.config.length) };
  try {
    if (ourPlugin(read(spec.config, () => undefined)) === undefined) return { kind: "foreign" };
    const plugin = ourPlugin(named(read(spec.config, refuseKey), metadata.name));
    const { network } = parseNetworkConfiguration({
      stdin: JSON.stringify(plugin),
      nodeFile,
      purpose: "add",
    });
    const subnets = subnetsOfSets(network.sets);
    return { kind: "ours", name: network.name, subnets };
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return { kind: "unreadable", why: failure.message };
  }
}

function tooLong(length: number): string {
  return `its configuration has ${length} characters, more than the ${CAPS.definition} that are looked at`;
}

function read(config: string, refuse: Refuse): Json {
  return readDocument(config, { subject: "spec.config", prefix: "", place: NETWORK_OR_LIST, refuse });
}

/** Multus names a network after its definition where the configuration has no name, or an empty one. */
function named(document: Json, definition: string): Json {
  const name = member(document, "name") ?? "";
  return name === "" ? { ...document, name: definition } : document;
}
