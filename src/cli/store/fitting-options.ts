import { UsageError } from "../../command-line/failure.ts";
import { isCniName } from "../../config/text/cni-name.ts";
import { interfaceNameFault } from "../../config/text/interface-name.ts";
import type { SOURCES, SourceOptions } from "./source.ts";

type From = (typeof SOURCES)[number];

/** The options that say what is imported, and the sources that they are for. */
const OPTIONS = {
  network: ["host-local", "kube-ipam-0.2", "whereabouts"],
  space: ["host-local", "kube-ipam-0.2", "whereabouts"],
  folder: ["host-local"],
  containers: ["host-local", "kube-ipam-0.2"],
  skipDamaged: ["host-local", "kube-ipam-0.2"],
  pool: ["whereabouts"],
  definition: ["whereabouts"],
  skipGone: ["whereabouts"],
} as const satisfies Partial<Record<keyof SourceOptions, readonly From[]>>;

/**
 * Refuses what would be ignored, for it says which addresses are meant, and names that no network, space or interface can have.
 *
 * @throws UsageError
 */
export function requireFittingOptions(given: SourceOptions): void {
  for (const [key, sources] of Object.entries(OPTIONS) as [keyof typeof OPTIONS, readonly From[]][]) {
    const value = given[key];
    const isGiven = value !== undefined && (!Array.isArray(value) || value.length > 0);
    if (isGiven && !sources.includes(given.from))
      throw new UsageError(
        `--${optionOf(key)} means nothing with --from ${given.from}`,
        `it is for --from ${sources.join(", ")}`,
      );
  }
  for (const key of ["network", "space"] as const) requireName(key, given[key]);
  const { definition, ifname } = given;
  if (definition !== undefined && !/^[^/\s]+\/[^/\s]+$/.test(definition))
    throw new UsageError(
      `--definition '${definition}' names no NetworkAttachmentDefinition`,
      "name its namespace too, such as default/lan",
    );
  const wrong = interfaceNameFault(ifname);
  if (wrong !== undefined)
    throw new UsageError(
      `--ifname '${ifname}' is no interface name: ${wrong}`,
      "name it as the runtime does, such as eth0",
    );
}

function requireName(key: "network" | "space", value: string | undefined): void {
  if (value === undefined || isCniName(value)) return;
  const whose = key === "network" ? "a network" : "an address space";
  throw new UsageError(
    `--${key} '${value}' is no name of ${whose}`,
    "name it as the configuration does: letters, digits, '_', '.' and '-'",
  );
}

/** "skipGone": "skip-gone". */
function optionOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
