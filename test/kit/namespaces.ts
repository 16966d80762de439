import { tool } from "./run.ts";

/** scripts/test.sh removes what begins like this after a run that was itself killed. */
const PREFIX = process.env.KUBE_IPAM_NAMESPACES ?? "kube-ipam-test";

let count = 0;

/** A network namespace made by this test process; gone when its scope ends, also on failure. */
export interface Namespace extends AsyncDisposable {
  readonly name: string;
  /** What CNI_NETNS holds. */
  readonly path: string;
  /** Runs a program inside; throws with its stderr when it fails. */
  exec(...command: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Makes an empty namespace with its loopback up and a name no other process has. */
export async function makeNamespace(): Promise<Namespace> {
  const name = `${PREFIX}-${uniqueName("n")}`;
  await tool("ip", "netns", "add", name);
  await tool("ip", "-n", name, "link", "set", "lo", "up");
  return namespaceCalled(name);
}

/** A name for a link: unique on this machine, at most 15 bytes for the kernel's sake. */
export function uniqueName(prefix: string): string {
  count += 1;
  return `ki${prefix}${process.pid.toString(36)}x${count.toString(36)}`;
}

function namespaceCalled(name: string): Namespace {
  let present = true;
  const remove = async () => {
    if (present) await tool("ip", "netns", "del", name);
    present = false;
  };
  return {
    name,
    path: `/run/netns/${name}`,
    exec: (...command) => tool("nsenter", `--net=/run/netns/${name}`, ...command),
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
