import { expect } from "bun:test";
import type { EtcdCluster } from "./etcd.ts";
import type { Pair } from "./pair.ts";
import type { Running } from "./run.ts";
import { eventually } from "./wait.ts";

/** Far beyond what anything takes, in milliseconds. */
const PATIENCE = 60_000;

/** What `recover -o json` prints. */
export interface Recovered {
  readonly answered: readonly { node: string; attachments: number; written: number }[];
  readonly silent: readonly string[];
  readonly conflicts: readonly { address: string; node: string; heldBy: string }[];
}

/** What became of a recovery. */
export interface RecoveryEnd {
  readonly exitCode: number | null;
  readonly recovered: Recovered;
}

/** `recover` on the first node; where there is no agent, an operator answers on the node. */
export async function recoverPair(pair: Pair): Promise<RecoveryEnd> {
  const all = pair.one.command(["recover", "--nodes", "n1,n2", "--timeout", "100", "-o", "json"]);
  await answer(pair);
  const { exitCode, stdout } = await all;
  return { exitCode, recovered: JSON.parse(stdout) };
}

/** A snapshot from the midst of a recovery that both nodes have answered; then it ends. */
export async function snapshotOfRecovery(pair: Pair, etcd: EtcdCluster): Promise<string> {
  let process: Running | undefined;
  const command = ["recover", "--nodes", "n1,n2,late", "--timeout", "100"];
  const endless = pair.one.command(command, (running) => {
    process = running;
  });
  await answer(pair);
  const status = ["recover", "--status", "--nodes", "n1,n2", "-o", "json"];
  await eventually(async () => {
    const { answered } = JSON.parse((await pair.one.command(status)).stdout);
    return answered.length === 2 || undefined;
  }, PATIENCE);
  const snapshot = await etcd.snapshot();
  process?.kill("SIGKILL");
  await endless;
  expect((await recoverPair(pair)).exitCode).toBe(0);
  return snapshot;
}

async function answer(pair: Pair): Promise<void> {
  const nodes = [pair.one, pair.two].filter(({ through }) => through === "plugin");
  await eventually(async () => (await pair.meta())?.state === "recovering" || undefined, PATIENCE);
  // Twice, because a conflict may end with the other node's answer.
  for (const node of [...nodes, ...nodes]) await node.command(["recover", "--this-node"]);
}
