import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { FALLBACK, FULL, PLUGIN } from "../install/install.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

const SOCKET = "/run/kube-ipam/agent.sock";
/** Milliseconds; longer than the shim itself waits for a VERSION. */
const PATIENCE_MS = 5_000;

/** Checks that the agent answers through the shim, as the runtime asks it. No finding where no shim is installed. */
export async function checkAgent(binDir: string): Promise<Finding[]> {
  const full = existsSync(join(binDir, FULL));
  const alone = existsSync(join(binDir, FALLBACK));
  if (!full && !alone) return [];
  const socket = process.env.KUBE_IPAM_AGENT_SOCKET ?? SOCKET;
  const check = `agent ${socket}`;
  if (await answers(join(binDir, PLUGIN), socket)) return [ok(check, "answers")];
  const found = existsSync(socket) ? "does not answer" : "is not there: no agent runs";
  const remedy = "see 'kubectl -n kube-ipam logs ds/kube-ipam-agent', or 'systemctl status kube-ipam-agent'";
  return [
    full
      ? warning(check, `${found}; the complete plugin does its work, only slower`, remedy)
      : failed(check, `${found}, and this node has no complete plugin to fall back to`, remedy),
  ];
}

async function answers(shim: string, socket: string): Promise<boolean> {
  const child = Bun.spawn([shim], {
    stdin: new Blob(['{"cniVersion":"1.0.0"}']),
    stdout: "pipe",
    stderr: "ignore",
    env: { CNI_COMMAND: "VERSION", KUBE_IPAM_AGENT_SOCKET: socket, KUBE_IPAM_FALLBACK: "none" },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const [text, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  clearTimeout(timer);
  return exitCode === 0 && text.includes("supportedVersions");
}

/** Checks that this process sees the pods' network namespaces in the folder where runtimes keep them. */
export function checkNamespaceFolder(folder = "/run/netns"): Finding {
  const check = `namespaces ${folder}`;
  if (!existsSync(folder))
    return warning(
      check,
      "is not there: no pod has run here yet, or this process cannot see it",
      "start a pod; in a container, mount it from the host with propagation HostToContainer",
    );
  const names = readdirSync(folder);
  const live = names.filter((name) => isMounted(folder, name)).length;
  if (names.length > 0 && live === 0) {
    return warning(
      check,
      `none of ${names.length} entries is a living namespace: this process cannot see them, or all are gone`,
      "run on the host itself; in a container, mount the folder with propagation HostToContainer",
    );
  }
  return ok(check, `${live} living namespaces`);
}

/** A namespace is a file of another file system (nsfs) than the folder's. */
function isMounted(folder: string, name: string): boolean {
  try {
    return statSync(join(folder, name)).dev !== statSync(folder).dev;
  } catch {
    return false;
  }
}
