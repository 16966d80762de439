import { expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { added, addressesOf, invoke, silent } from "../kit/cni.ts";
import { type Containerd, confined, mounted, startContainerd } from "../kit/containerd.ts";
import { type Folder, temporaryFolder } from "../kit/folder.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { makeNamespace, uniqueName } from "../kit/namespaces.ts";
import { type Running, run, tool } from "../kit/run.ts";
import { shimExecutable } from "../kit/subject-agent.ts";
import { eventually } from "../kit/wait.ts";

/**
 * The agent in a container confined as the DaemonSet says: without any capability, on a read-only
 * file system, with the node's folders mounted. It must serve the shim on the host, and must tell
 * from in there which of the host's network namespaces are gone.
 */

const missing = withoutRealRoot();
const IMAGE = "localhost/kube-ipam:0.3.0";
const ARCHIVE = join(import.meta.dir, "../../dist/kube-ipam-image.tar");

const TITLE = "the agent in its container serves the host's shim and frees what is gone on the host";

test.skipIf(missing !== undefined)(
  `${TITLE}${missing === undefined ? "" : `: ${missing}`}`,
  async () => {
    using folder = temporaryFolder("agent-container");
    // The mount of namespaces that a node's container runtime has made long before the agent comes.
    await using before = await makeNamespace();
    await using containerd = await startContainerd(folder);
    await using agent = await startAgent(folder, containerd);
    await using pod = await makeNamespace();

    const call = { container: "db", netns: pod.path.replace("/run/", "/var/run/"), ifname: "eth0" };
    const net = network(folder);
    const env = { KUBE_IPAM_AGENT_SOCKET: folder.file("run", "agent.sock"), KUBE_IPAM_FALLBACK: "none" };
    const verb = (name: "ADD" | "DEL" | "CHECK", more: object = {}) =>
      invoke(shimExecutable(), name, { ...call, ...more }, net, { env });
    expect(addressesOf(added(await verb("ADD")))).toEqual(["10.1.2.2"]);

    // Neither a namespace that lives nor one of before the agent is taken for gone.
    const older = { container: "older", netns: before.path };
    expect(addressesOf(added(await verb("ADD", older)))).toEqual(["10.1.2.3"]);
    await pod.remove();
    await eventually(async () => (journal(folder) === 1 ? true : undefined), 60_000);
    expect(agent.alive()).toBe(true);
    silent(await verb("DEL", older));
    expect(journal(folder)).toBe(0);
  },
  120_000,
);

function network(folder: Folder): object {
  const ipam = {
    type: "kube-ipam",
    subnet: "10.1.2.0/24",
    dataDir: folder.file("data"),
    runDir: folder.file("run"),
    logFile: folder.file("log", "kube-ipam.log"),
    nodeName: "worker-1",
  };
  return { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam };
}

/** How many attachments the node's journal has. */
function journal(folder: Folder): number {
  return readdirSync(folder.file("run", "journal")).filter((name) => !name.startsWith(".")).length;
}

async function startAgent(folder: Folder, { ctr }: Containerd) {
  await tool(...ctr("images", "import", "--snapshotter", "native", ARCHIVE));
  for (const name of ["run", "data", "log"]) mkdirSync(folder.file(name));
  const name = uniqueName("a");
  const socket = folder.file("run", "agent.sock");
  let process: Running | undefined;
  const command = ctr(
    ...["run", "--net-host", ...confined()],
    ...["--mount", "type=bind,src=/run/netns,dst=/run/netns,options=rbind:rslave:ro"],
    ...["run", "data", "log"].flatMap((one) => mounted(folder.file(one))),
    ...[IMAGE, name, "/usr/local/bin/kube-ipam", "agent", "--socket", socket],
  );
  const ended = run(command, {
    limit: 100_000,
    started: (started) => {
      process = started;
    },
  });
  let alive = true;
  void ended.finally(() => {
    alive = false;
  });
  await eventually(async () => {
    if (!alive) throw new Error(`expected an agent, got ${JSON.stringify(await ended)}`);
    return readdirSync(folder.file("run")).includes("agent.sock") || undefined;
  }, 60_000);
  return {
    alive: () => alive,
    [Symbol.asyncDispose]: async () => {
      process?.kill("SIGTERM");
      await ended;
    },
  };
}
