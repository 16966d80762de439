import { CAPS } from "../../address/caps.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Network } from "../../ipam/network.ts";
import type { NetworkConfiguration } from "../network-configuration.ts";
import { type NodeFileText, readNodeFile } from "../settings/node-file.ts";
import {
  kubernetesSettings,
  nodeSettings,
  resolveSettings,
  type Settings,
  storeSettings,
} from "../settings/settings.ts";
import { isCniName } from "../text/cni-name.ts";
import { collectWarnings } from "../text/collect-warnings.ts";
import { hasMoreValues } from "../text/json-size.ts";
import { isObject, type Json, member } from "../text/json-text.ts";
import { judgeKeys } from "../text/judge-keys.ts";
import { type Refuse, refuseKey, toleratingKeys } from "../text/key-fault.ts";
import { NETWORK } from "../text/places.ts";
import { readDocument } from "../text/read-document.ts";
import { wrongValue } from "../text/wrong-value.ts";
import { addressesOfNetwork, type NetworkAddresses } from "./addresses-of-network.ts";
import { readPodAnnotations } from "./pod-annotations.ts";
import { readPrevResultIps } from "./prev-result.ts";
import { configuredIps } from "./requested-ips.ts";
import { readValidAttachments } from "./valid-attachments.ts";

/** What the configuration is read for: each verb needs less or more of it to be right. */
export type Purpose = "add" | "check" | "del" | "gc" | "status";

interface Input {
  /** What the runtime wrote to us. */
  readonly stdin: string;
  /** The same, where somebody has parsed it already. */
  readonly document?: Json;
  /** The node's own file, where there is one. */
  readonly nodeFile?: NodeFileText | undefined;
  readonly purpose: Purpose;
}

/**
 * Without these, DEL and GC cannot find what to free; everything else they tolerate
 * (docs/behaviour.md E5, E6).
 */
const ESSENTIAL = new Set(["etcdConfig", "dataDir", "runDir", "nodeName"]);

/**
 * Reads a network's configuration, with the node's file under it and its locks over it (docs/design.md
 * section 7). For "del" and "gc" only what finds the store, the node and the network must be right:
 * `network.sets` is empty then.
 *
 * @throws IpamError decode for text that is no JSON, invalidConfig for everything else.
 */
export function parseNetworkConfiguration({
  stdin,
  document: parsed,
  nodeFile,
  purpose,
}: Input): NetworkConfiguration {
  const { warn, collected } = collectWarnings();
  const frees = purpose === "del" || purpose === "gc";
  const lenient = frees || purpose === "check";
  const refuse = lenient ? toleratingKeys(warn) : refuseKey;
  const options = { warn, refuse, ...(frees && { tolerates: (key: string) => !ESSENTIAL.has(key) }) };
  // An ADD has refused it (CAPPED): its DEL is not to take longer for remarks on so many keys.
  const isVast = lenient && hasMoreValues(stdin, CAPS.inputValues);
  const document = readDocument(stdin, {
    subject: "the network configuration",
    place: NETWORK,
    refuse,
    ...(parsed && { parsed }),
    ...(isVast && { brief: true }),
  });
  const name = networkName(document);
  const ipam = ipamSection(document, refuse);
  if (!isVast) judgeKeys(document, NETWORK, { path: "", warn, refuse });
  const file = nodeFile && readNodeFile(nodeFile, options);
  const addresses = frees ? undefined : addressesOfNetwork({ document, ipam, file, warn, refuse });
  const settings = resolveSettings(ipam, file, { ...options, lenient, pool: addresses?.pool });
  const validAttachments = purpose === "gc" ? readValidAttachments(document) : undefined;
  return {
    cniVersion: cniVersionOf(document),
    network: makeNetwork(name, settings, addresses),
    routes: addresses?.routes ?? [],
    ...(settings.resolvConf && { resolvConf: settings.resolvConf }),
    ...(settings.resolvConf && file === undefined && { resolvConfByNetwork: true }),
    requestedIps: purpose === "add" ? configuredIps(document, addresses?.sets ?? []) : [],
    node: nodeSettings(settings, file),
    store: storeSettings(settings, file),
    kubernetes: kubernetesSettings(settings, purpose === "add" ? readPodAnnotations(document) : undefined),
    ...prevResultPart(document, purpose),
    ...(validAttachments && { validAttachments }),
    warnings: collected(),
  };
}

function networkName(document: Json): string {
  const name = member(document, "name") ?? undefined;
  if (typeof name === "string" && isCniName(name)) return name;
  throw wrongValue(
    "name",
    name,
    `the network's name, of letters, digits, '_', '.' and '-', that begins with a letter or digit and has at most ${CAPS.name} of them`,
  );
}

function ipamSection(document: Json, refuse: Refuse): Json {
  const ipam = member(document, "ipam") ?? undefined;
  if (!isObject(ipam))
    throw wrongValue("ipam", ipam, 'an object such as {"type": "kube-ipam", "subnet": "10.1.2.0/24"}');
  const type = member(ipam, "type");
  if (type !== "kube-ipam") throw wrongValue("ipam.type", type, '"kube-ipam"');
  if (Object.hasOwn(ipam, "pools")) {
    refuse(
      new IpamError(
        "invalidConfig",
        "a network cannot define ipam.pools",
        'define pools in the node\'s file; a network names one: "pool": "name"',
      ),
    );
  }
  return ipam;
}

function cniVersionOf(document: Json): string {
  const version = member(document, "cniVersion") ?? "";
  if (typeof version !== "string")
    throw new IpamError("decode", `cniVersion must be a string, got ${JSON.stringify(version)}`);
  return version === "" ? "0.1.0" : version;
}

function makeNetwork(
  name: string,
  { addressSpace, coolingSeconds, requireInit, exclude, nodeLocal }: Settings,
  addresses: NetworkAddresses | undefined,
): Network {
  const pool = addresses?.pool;
  return {
    name,
    space: pool?.addressSpace ?? addressSpace,
    sets: addresses?.sets ?? [],
    exclude: [...exclude, ...(addresses?.exclude ?? [])],
    coolingSeconds,
    requireInit,
    nodeLocal,
    ...(pool && { policy: pool.policy }),
  };
}

function prevResultPart(document: Json, purpose: Purpose): Pick<NetworkConfiguration, "prevResultIps"> {
  const prevResultIps = purpose === "check" ? readPrevResultIps(document) : undefined;
  return prevResultIps ? { prevResultIps } : {};
}
