const STARTED =
  /time="([^"]+)".*msg="RunPodSandbox for &PodSandboxMetadata\{Name:([^,]*),Uid:([^,]*),[^}]*\}"/;
const READY =
  /time="([^"]+)".*msg="RunPodSandbox for &PodSandboxMetadata\{Name:([^,]*),Uid:([^,]*),[^}]*\} returns sandbox id/;

/**
 * Milliseconds from the kubelet's request for a sandbox to the runtime's answer, of each pod whose name
 * begins like this, as containerd's log tells them.
 */
export function sandboxTimes(log: string, prefix: string): number[] {
  const begun = new Map<string, number>();
  const times: number[] = [];
  for (const line of log.split("\n")) {
    const [, at = "", name = "", uid = ""] = READY.exec(line) ?? STARTED.exec(line) ?? [];
    if (!name.startsWith(prefix)) continue;
    const start = begun.get(uid);
    if (!line.includes("returns sandbox id")) begun.set(uid, Date.parse(at));
    else if (start !== undefined) times.push(Date.parse(at) - start);
  }
  return times;
}
