import { openEmbeddedStore } from "../../src/store/embedded/open.ts";
import { environment } from "../kit/cni.ts";
import { temporaryFolder } from "../kit/folder.ts";
import { makeNamespace } from "../kit/namespaces.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { expectAtMost, expectBounded, expectClearError } from "./bounds.ts";
import { bytesOf, measured } from "./measured.ts";

/** One attachment as a test writes it. */
export interface Attempt {
  readonly name?: string;
  readonly ipam: Readonly<Record<string, unknown>>;
  /** Keys beside `ipam`, over the usual ones. */
  readonly top?: object;
  readonly container?: string;
  readonly args?: string;
}

/** The records of one attachment: its addresses, its index, its reservations and its owner's, its network. */
const MOST_STORED = 64 << 10;

/**
 * ADD, ADD again and DEL of one attachment on an empty store of its own, with the built executable. Each must end
 * within its bounds and succeed or tell a clear error; after the DEL nothing is held, and what is left is small.
 */
export async function addAndEnd({
  name = "net1",
  ipam,
  top = {},
  container = "c1",
  args = "",
}: Attempt): Promise<void> {
  const folder = temporaryFolder("fuzz");
  shared ??= makeNamespace();
  const namespace = await shared;
  const own = {
    type: "kube-ipam",
    dataDir: folder.file("data"),
    runDir: folder.file("run"),
    logFile: folder.file("log"),
    nodeName: "node1",
    nodeLocal: true,
  };
  const stdin = JSON.stringify({
    cniVersion: "1.0.0",
    name,
    type: "macvlan",
    ...top,
    ipam: { ...ipam, ...own },
  });
  const call = async (verb: string) => {
    const before = bytesOf(folder.file("log"));
    const env = {
      ...environment(verb, { container, netns: namespace.path, ifname: "eth0", path: "/opt/cni/bin", args }),
      KUBE_IPAM_CONFIG: folder.file("node.json"),
    };
    const finished = await measured([kubeIpamExecutable()], { env, stdin });
    expectBounded(finished, bytesOf(folder.file("log")) - before);
    if (finished.exitCode !== 0) expectClearError(finished.stdout);
    return finished;
  };
  try {
    const first = await call("ADD");
    if (first.exitCode === 0) {
      const again = await call("ADD");
      if (again.stdout !== first.stdout) throw new Error(`first ${first.stdout}, then ${again.stdout}`);
      const ended = await call("DEL");
      if (ended.exitCode !== 0) throw new Error(`DEL of what was given: ${ended.stdout}`);
    }
    const { held, bytes } = await contentOf(folder.file("data"));
    if (held > 0) throw new Error(`${held} allocations are left`);
    expectAtMost("bytes in the store", bytes, MOST_STORED);
  } finally {
    folder[Symbol.dispose]();
  }
}

let shared: ReturnType<typeof makeNamespace> | undefined;

/** Removes what the attachments of this file shared. */
export async function removeShared(): Promise<void> {
  await (await shared)?.remove();
}

async function contentOf(dataDir: string): Promise<{ readonly held: number; readonly bytes: number }> {
  if (bytesOf(dataDir) === 0) return { held: 0, bytes: 0 };
  const store = await openEmbeddedStore({ kind: "embedded", dataDir });
  let held = 0;
  let bytes = 0;
  try {
    const options = { deadline: performance.now() + 20_000 };
    for (const kind of ["allocation", "attachment", "reservation", "owner", "network"] as const) {
      for await (const entry of store.list({ kind }, options)) {
        if (kind === "allocation") held += 1;
        bytes += JSON.stringify(entry, (_, value) =>
          typeof value === "bigint" ? String(value) : value,
        ).length;
      }
    }
    return { held, bytes };
  } finally {
    await store.close();
  }
}
