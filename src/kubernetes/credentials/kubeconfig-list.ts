import { homedir } from "node:os";
import { join } from "node:path";

/** Where kubectl looks for a kubeconfig that nobody names. */
export function homeKubeConfig(): string {
  return join(homedir(), ".kube/config");
}

/**
 * The files that $KUBECONFIG names, as kubectl reads it: separated by colons, empty names passed over, each once. None
 * where it names none.
 */
export function kubeConfigList(value = process.env.KUBECONFIG): string[] {
  return [...new Set((value ?? "").split(":").filter((path) => path !== ""))];
}
