import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentRequest, FRAME, FrameReader, readRequest } from "../../src/agent/socket/protocol.ts";
import { environment } from "./cni.ts";
import { type Folder, temporaryFolder } from "./folder.ts";
import { type Finished, run } from "./run.ts";

/** What a shim's complete plugin is played by, if a test says nothing else: it tells what it was given. */
const FULL = `#!/bin/sh
printf 'full %s %s ' "$CNI_COMMAND" "\${KUBE_IPAM_DEADLINE_MS:-none}"; cat
`;

/** On the shim's stdin, if a test says nothing else. */
export const CONFIGURATION = '{"cniVersion":"0.4.0","name":"net1"}';

const ROOT = join(import.meta.dir, "../..");

let built: Promise<string> | undefined;

/** A shim in a folder of its own, with an agent and a complete plugin that are played. */
export interface Field extends AsyncDisposable {
  readonly folder: Folder;
  readonly executable: string;
  readonly env: Readonly<Record<string, string>>;
  run(env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** Plays the agent; returns the kinds of frames that came. */
  serve(answer: (socket: Bun.Socket<undefined>, request: AgentRequest) => void): number[];
  keepSocketAndStop(): void;
}

/** @param full the script that plays the complete plugin. */
export async function makeField(full = FULL): Promise<Field> {
  const folder = temporaryFolder("shim");
  mkdirSync(folder.file("bin"));
  const executable = folder.file("bin", "kube-ipam");
  built ??= buildWithSanitizer();
  copyFileSync(await built, executable);
  writeFileSync(folder.file("bin", "kube-ipam.full"), full, { mode: 0o755 });
  const socketPath = folder.file("agent.sock");
  const env = {
    ...environment("ADD", { container: "c1", ifname: "eth0" }),
    KUBE_IPAM_AGENT_SOCKET: socketPath,
  };
  let listener: Bun.UnixSocketListener<undefined> | undefined;
  return {
    folder,
    executable,
    env,
    run: (more = {}) => run([executable], { env: { ...env, ...more }, stdin: CONFIGURATION, limit: 10_000 }),
    serve(answer) {
      const frames: number[] = [];
      const readers = new Map<object, FrameReader>();
      listener = Bun.listen<undefined>({
        unix: socketPath,
        socket: {
          open: (socket) => void readers.set(socket, new FrameReader()),
          data(socket, bytes) {
            for (const { kind, body } of readers.get(socket)?.push(bytes) ?? []) {
              frames.push(kind);
              if (kind === FRAME.request) answer(socket, readRequest(body));
            }
          },
        },
      });
      return frames;
    },
    keepSocketAndStop() {
      listener?.stop(true);
      if (!existsSync(socketPath)) writeFileSync(socketPath, "");
    },
    [Symbol.asyncDispose]: async () => {
      listener?.stop(true);
      folder[Symbol.dispose]();
    },
  };
}

/** Static libraries and AddressSanitizer exclude each other; nothing else is different. */
async function buildWithSanitizer(): Promise<string> {
  const folder = temporaryFolder("asan");
  process.on("exit", () => folder[Symbol.dispose]());
  const executable = folder.file("shim");
  const flags = ["-std=c11", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const finished = await run(["cc", ...flags, join(ROOT, "native/shim.c"), "-o", executable]);
  if (finished.exitCode !== 0) throw new Error(`expected cc to build the shim, got ${finished.stderr}`);
  return executable;
}
