import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Machine } from "./machine.ts";
import { addressesIn, type SeenAddress } from "./net-namespace.ts";

const TASKS = "run/containerd/io.containerd.runtime.v2.task/k8s.io";
const NAMESPACES = "run/netns";

/** A pod's sandbox that runs on a node, and what its network namespace really holds. */
export interface LiveSandbox {
  readonly node: string;
  readonly container: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly addresses: readonly SeenAddress[];
}

/** What one of a node's network namespaces holds, whoever uses it. */
export interface LiveNamespace {
  /** "node/name" */
  readonly name: string;
  readonly path: string;
  readonly addresses: readonly SeenAddress[];
}

/** Where namespaces are looked for. */
export type Place = Pick<Machine, "name" | "path">;

/** Every network namespace that a runtime made on these machines. */
export function liveNamespaces(machines: readonly Place[]): LiveNamespace[] {
  return machines.flatMap((machine) =>
    entries(machine.path(NAMESPACES)).flatMap((name) => {
      const path = machine.path(NAMESPACES, name);
      const addresses = addressesIn(path);
      return addresses === undefined ? [] : [{ name: `${machine.name}/${name}`, path, addresses }];
    }),
  );
}

/** The sandboxes of a machine whose pods have a network of their own. */
export function liveSandboxes(machine: Machine): LiveSandbox[] {
  return entries(machine.path(TASKS)).flatMap((container) => {
    const sandbox = readSandbox(machine, container);
    return sandbox === undefined ? [] : [sandbox];
  });
}

interface RuntimeSpec {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: { readonly namespaces?: readonly { type: string; path?: string }[] };
}

/** The runtime writes down, for each container, what it is and in which namespaces it runs. */
function readSandbox(machine: Machine, container: string): LiveSandbox | undefined {
  const spec = readSpec(machine.path(TASKS, container, "config.json"));
  const of = (key: string) => spec?.annotations?.[`io.kubernetes.cri.${key}`] ?? "";
  const path = spec?.linux?.namespaces?.find(({ type }) => type === "network")?.path;
  if (of("container-type") !== "sandbox" || path === undefined) return undefined;
  const addresses = addressesIn(machine.path(NAMESPACES, basename(path)));
  if (addresses === undefined) return undefined;
  return {
    node: machine.name,
    container,
    namespace: of("sandbox-namespace"),
    pod: of("sandbox-name"),
    uid: of("sandbox-uid"),
    addresses,
  };
}

function readSpec(path: string): RuntimeSpec | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // The sandbox is ending.
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
