/**
 * The files that $KUBECONFIG names, as kubectl reads it: separated by colons, empty names passed over, each once. None
 * where it names none.
 */
export function kubeConfigList(value = process.env.KUBECONFIG): string[] {
  return [...new Set((value ?? "").split(":").filter((path) => path !== ""))];
}
