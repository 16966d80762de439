import { formatAddress } from "../../address/address.ts";
import { formatCidr } from "../../address/cidr.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { NetworkConfiguration } from "../network-configuration.ts";
import { type Purpose, parseNetworkConfiguration } from "../parse/parse-network-configuration.ts";

export type Keys = Readonly<Record<string, unknown>>;

/** Where tests say that the node's file lies. */
export const FILE = "/etc/kube-ipam/config.json";

interface Circumstances {
  /** The node's file: its keys, or its very text. */
  readonly file?: Keys | string;
  /** Keys beside `ipam`; undefined ones are left out. */
  readonly top?: Keys;
  readonly purpose?: Purpose;
}

/** Reads the configuration of network net1 with these `ipam` keys. */
export function parseIpam(
  ipam: Keys,
  { file, top = {}, purpose = "add" }: Circumstances = {},
): NetworkConfiguration {
  const document = {
    cniVersion: "1.1.0",
    name: "net1",
    type: "macvlan",
    ipam: { type: "kube-ipam", ...ipam },
    ...top,
  };
  return parseText(JSON.stringify(document), { ...(file === undefined ? {} : { file }), purpose });
}

export function parseText(
  stdin: string,
  { file, purpose = "add" }: Circumstances = {},
): NetworkConfiguration {
  const text = typeof file === "object" ? JSON.stringify(file) : file;
  return parseNetworkConfiguration({
    stdin,
    purpose,
    nodeFile: text === undefined ? undefined : { path: FILE, text },
  });
}

/** What a user reads when `action` fails: code, message and details. */
export function refusalOf(action: () => unknown): { code: number; message: string; details: string } {
  try {
    action();
  } catch (error) {
    if (!(error instanceof IpamError)) throw error;
    return { code: error.code, message: error.message, details: error.details };
  }
  throw new Error("expected an IpamError, but nothing was thrown");
}

/** The range sets as text, one list of ranges per set. */
export function showSets({ network }: NetworkConfiguration): string[][] {
  return network.sets.map(({ ranges }) =>
    ranges.map(({ subnet, dynamic, fixed, gateway }) =>
      [
        formatCidr(subnet),
        formatInterval(dynamic),
        ...(fixed ? [`fixed ${formatInterval(fixed)}`] : []),
        `gateway ${gateway ? formatAddress(gateway) : "none"}`,
      ].join(" "),
    ),
  );
}
