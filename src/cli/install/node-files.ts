import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { readConfiguration, readNetworkFile } from "../../command-line/read-configuration.ts";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import { member } from "../../config/text/json-text.ts";
import { refuseKey } from "../../config/text/key-fault.ts";
import { NODE_FILE } from "../../config/text/places.ts";
import { readDocument } from "../../config/text/read-document.ts";
import { place } from "../../host/place.ts";
import { IpamError } from "../../ipam/errors.ts";
import { nodeNameFault, readNodeName } from "../../node/node-name.ts";

interface NodeFileOptions {
  readonly etcDir: string;
  readonly nodeName?: string;
}

/**
 * Installs the node's file, owned by root and readable by all: it holds no secrets. Writes the node's name
 * into it, because a plugin that the runtime starts has no other way to know Kubernetes' name of its node:
 * `nodeName`, else $NODE_NAME, else the file's own, else the host name. So one file can serve all nodes,
 * which differ by $NODE_NAME; a file made for one node keeps its name.
 *
 * @throws IpamError decode or invalidConfig for a file that kube-ipam would refuse; nothing is changed then.
 */
export function placeNodeFile(source: string, { etcDir, nodeName }: NodeFileOptions): void {
  if (readConfiguration(source).kind !== "node")
    throw new IpamError(
      "invalidConfig",
      `${source} is no node's file, but a network's configuration`,
      "name a network's configuration with --network",
    );
  const given = readDocument(readFileSync(source, "utf8"), {
    subject: source,
    prefix: `${source}: `,
    place: NODE_FILE,
    refuse: refuseKey,
  });
  const override = nodeName ?? (process.env.NODE_NAME || undefined);
  const name = override ?? member(given, "nodeName") ?? readNodeName(undefined);
  const text = `${JSON.stringify({ ...given, nodeName: name }, undefined, 2)}\n`;
  const fault = nodeNameFault(parseNodeConfiguration({ path: source, text }).node.nodeName);
  if (fault !== undefined) throw fault;
  place(etcDir, "config.json", { text }, 0o644);
}

/**
 * Installs a network's configuration, under its own file name, where the runtime looks.
 *
 * @throws IpamError decode for text that is not JSON, invalidConfig for a list without kube-ipam; nothing is changed then.
 */
export function placeNetwork(source: string, { confDir }: { readonly confDir: string }): void {
  readNetworkFile(source);
  place(confDir, basename(source), { text: readFileSync(source, "utf8") }, 0o644);
}
