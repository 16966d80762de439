import { EXIT_CODES, UsageError } from "../../command-line/failure.ts";
import { printErr } from "../../command-line/print.ts";
import type { Ports } from "../../ipam/ports.ts";
import { type Answers, readAnswers } from "../../ipam/recovery/answers.ts";
import { beginRecovery, endRecovery } from "../../ipam/recovery/begin.ts";
import { blockSilent } from "../../ipam/recovery/block-silent.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { liftBlocks } from "../../ipam/reserve/blocks.ts";
import type { ClusterAccess } from "../../operator/cluster-access.ts";
import { openAccess } from "../session/kubernetes.ts";
import type { Session } from "../session/open.ts";
import { crossCheck } from "./cross-check.ts";
import { type Expected, expectedNodes, poolsOf, spacesIn } from "./expected.ts";
import type { RecoverOptions } from "./options.ts";
import { report } from "./report.ts";
import { recoveryStatus } from "./status.ts";
import { step } from "./step.ts";
import { answerForThisNode } from "./this-node.ts";
import { waitForAnswers } from "./wait.ts";

/**
 * `recover`: begins a recovery or joins one, waits for the nodes, compares with the pods, blocks what silent
 * nodes may hold, and ends it. Returns the exit code; after a failure it can be run again.
 *
 * @throws UsageError, IpamError, StoreFailure; the recovery is still under way then.
 */
export async function recover(given: RecoverOptions, session: Session): Promise<number> {
  const { shared } = session.ports.store.description;
  const access = shared ? await openAccess(given, session) : undefined;
  const ports = portsWith(access, session);
  if (given.thisNode === true) return answerForThisNode(given, { ...session, ports });
  if (given.status === true) return recoveryStatus(given, access, { ...session, ports });
  if (given.forget.length > 0 && !(await isStopped(ports))) return forget(given.forget, ports);
  const expected = await expectedNodes(given, access, { ...session, ports });
  requireNodes(expected, access);
  const { recovery, begun, suspicion } = await beginRecovery(ports, step());
  if (suspicion !== undefined)
    printErr(`node ${suspicion.node} had stopped all nodes at ${suspicion.since}: ${suspicion.why}`);
  printErr(
    begun ? "no addresses are given out until the recovery is done" : "a recovery is under way: joining it",
  );
  // A store that is not shared has this one node.
  if (!shared) await answerForThisNode(undefined, session);
  const look = () => readAnswers(recovery, expected.names, ports, step());
  const answers = await waitForAnswers(look, expected.names.length, given.timeout);
  const checked = await crossCheck(answers.silent, access, { ...session, ports });
  const blocked = await block(given, look, expected, { ...session, ports });
  await endRecovery(recovery, ports, step());
  return report({ recovery, answers: blocked, checked, forgotten: given.forget }, given.output);
}

async function block(
  given: RecoverOptions,
  look: () => Promise<Answers>,
  { labels }: Expected,
  session: Session,
): Promise<Answers> {
  const known = await spacesIn(session);
  const spaces = ({ answered }: Answers) => [
    ...new Set([...known, ...answered.flatMap(({ record }) => record.spaces)]),
  ];
  return blockSilent(look, { labels, pools: await poolsOf(given), spaces }, session.ports, step());
}

function portsWith(access: ClusterAccess | undefined, { ports }: Session): Ports {
  return access === undefined ? ports : { ...ports, cluster: access.cluster, clusterNames: access.names };
}

/** Whether the store gives out no addresses: then a recovery must begin, or is under way. */
async function isStopped({ store }: Ports): Promise<boolean> {
  const meta = (await store.read({ refs: [refTo.meta] }, step())).get(refTo.meta);
  return meta !== undefined && meta.record.state !== "ready";
}

/** After a recovery: unblocks what these nodes may have held. Exit code 3 where nothing was blocked for one of them. */
async function forget(nodes: readonly string[], ports: Ports): Promise<number> {
  const lifted = await liftBlocks(nodes, ports, step());
  for (const node of nodes) {
    printErr(
      lifted.includes(node)
        ? `what node ${node} might have held is given out again; addresses in its pods' status stay held until those pods are gone`
        : `nothing was refused for node ${node}`,
    );
  }
  return nodes.every((node) => lifted.includes(node)) ? EXIT_CODES.done : EXIT_CODES.absent;
}

function requireNodes({ names }: Expected, access: ClusterAccess | undefined): void {
  if (names.length > 0) return;
  const why =
    access === undefined
      ? "no kubeconfig is given or configured"
      : `the cluster of ${access.source} has no other Node`;
  throw new UsageError(
    `recover cannot tell which nodes must answer: ${why}`,
    access === undefined
      ? "name a kubeconfig with --kubeconfig, or the nodes with --nodes"
      : "name the nodes with --nodes",
  );
}
