import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { readConfiguration } from "../../command-line/read-configuration.ts";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import { member, parseJsonObject } from "../../config/text/json-text.ts";
import { place } from "../../host/place.ts";
import { readNodeName } from "../../node/identity.ts";

interface NodeFileOptions {
  readonly etcDir: string;
  readonly nodeName?: string;
}

/**
 * Puts the node's file in place, root's and readable by all: it names files and holds no secrets. The
 * node's name goes into it, because a plugin that the runtime starts has no other way to know how
 * Kubernetes calls its node: `nodeName`, else $NODE_NAME, else the file's own, else the host name. One
 * file may be mounted on all nodes, which differ by $NODE_NAME; a file made for one node keeps its name.
 *
 * @throws IpamError decode or invalidConfig for a file that kube-ipam would refuse; nothing is changed then.
 */
export function placeNodeFile(source: string, { etcDir, nodeName }: NodeFileOptions): void {
  const given = parseJsonObject(readFileSync(source, "utf8"), source);
  const said = nodeName ?? (process.env.NODE_NAME || undefined);
  const name = said ?? member(given, "nodeName") ?? readNodeName(undefined);
  const text = `${JSON.stringify({ ...given, nodeName: name }, undefined, 2)}\n`;
  parseNodeConfiguration({ path: source, text });
  place(etcDir, "config.json", { text }, 0o644);
}

/**
 * Puts a network's configuration where the runtime looks, by its own name.
 *
 * @throws IpamError decode for text that is no JSON, invalidConfig for a list without kube-ipam.
 */
export function placeNetwork(source: string, { confDir }: { readonly confDir: string }): void {
  readConfiguration(source);
  place(confDir, basename(source), { text: readFileSync(source, "utf8") }, 0o644);
}
