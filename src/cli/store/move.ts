import { EXIT_CODES, UsageError } from "../../command-line/failure.ts";
import { type Format, printThing } from "../../command-line/output.ts";
import type { StoreSettings } from "../../config/network-configuration.ts";
import { readIdentity } from "../../ipam/integrity/replace-identity.ts";
import { moveStore } from "../../ipam/moving/move.ts";
import { nameOf } from "../../ipam/moving/refusals.ts";
import { abortMove, type Pair } from "../../ipam/moving/states.ts";
import type { Store } from "../../ipam/store-port.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { step } from "../recover/step.ts";
import { clusterSettings, type KubernetesOptions } from "../session/cluster-settings.ts";
import type { Session } from "../session/open.ts";
import { settingsOf } from "../session/settings.ts";
import { moveProgress } from "./move-progress.ts";

export interface MoveOptions extends KubernetesOptions {
  readonly to: string;
  readonly status?: boolean;
  readonly abort?: boolean;
  readonly timeout: number;
  readonly output: Format;
}

/**
 * `store move`: takes all address spaces from the configured store to another shared one. Returns the exit code.
 *
 * @throws UsageError, IpamError, StoreFailure; whatever was done stays, and the command can be run again.
 */
export async function moveCommand(given: MoveOptions, session: Session): Promise<number> {
  const settings = targetOf(given, session);
  const source = session.ports.store;
  const { description, open } = configuredStore(settings);
  requireTwo(source, description);
  const target = await open();
  const pair = { source, target };
  try {
    if (given.status === true) return await tellStatus(pair, given.output);
    if (given.abort === true) return await abort(pair, given.output);
    return await move(pair, given.output);
  } finally {
    await target.close();
  }
}

/** The word for `--to` that is no file. */
const IN_KUBERNETES = "kubernetes";

/** Kubernetes' own API, or what is named by a file in the node's format; an operator's credentials for it go first. */
function targetOf({ context, kubeconfig, timeout, to }: MoveOptions, { settings }: Session): StoreSettings {
  const cluster = { ...(kubeconfig && { kubeconfig }), ...(context && { context }) };
  if (to !== IN_KUBERNETES) return settingsOf({ ...cluster, config: to, timeout }).store;
  return { kind: "kubernetes", ...clusterSettings(cluster, settings.kubeConfig, { atHome: true }) };
}

function requireTwo(source: Store, target: Store["description"]): void {
  const { prefix, shared } = source.description;
  if (!shared || !target.shared)
    throw new UsageError(
      "a store of one node alone cannot be moved: pods of other nodes would not know it",
      "name an etcd or Kubernetes with --config and --to; 'store export' and 'store import' copy records",
    );
  if (nameOf(source) === nameOf({ description: target }) && prefix === target.prefix)
    throw new UsageError(
      `source and target are one store: the ${nameOf(source)}`,
      "name the store that the nodes use with --config, and the other one with --to",
    );
}

async function move(pair: Pair, output: Format): Promise<number> {
  const begun = performance.now();
  const progress = moveProgress();
  const done = await moveStore(pair, step, progress).finally(progress.end);
  const { after, before, move: id, stoppedMs } = done;
  const records = done.records ?? {};
  const seconds = (performance.now() - begun) / 1000;
  await printThing(
    {
      move: id,
      from: placeOf(pair.source),
      to: placeOf(pair.target),
      written: before + after,
      writtenWhileStopped: after,
      seconds: rounded(seconds),
      stoppedSeconds: rounded(stoppedMs / 1000),
      records,
      alreadyOpen: done.records === undefined,
    },
    [
      ["Moved", `${nameOf(pair.source)} to ${nameOf(pair.target)}`],
      ...Object.entries(records).map(([kind, count]): [string, string] => [kind, String(count)]),
      ["Written", `${before + after} records, ${after} of them while no store gave out addresses`],
      ["Took", `${rounded(seconds)} s; for ${rounded(stoppedMs / 1000)} s no store gave out addresses`],
      [
        "Do",
        "give the nodes and the controller the new store now: 'kube-ipam recover --status' shows who uses it",
      ],
    ],
    output,
  );
  return EXIT_CODES.done;
}

/** To a tenth. */
function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

async function abort(pair: Pair, output: Format): Promise<number> {
  const found = await abortMove(pair, step);
  const said = found
    ? `the ${nameOf(pair.source)} gives out addresses again`
    : `the ${nameOf(pair.source)} was not being moved: nothing is changed`;
  await printThing(
    { takenBack: found, from: placeOf(pair.source), to: placeOf(pair.target) },
    [["Move", said]],
    output,
  );
  return EXIT_CODES.done;
}

/** Exit code 0 where one of the stores gives out addresses, else 1. */
async function tellStatus({ source, target }: Pair, output: Format): Promise<number> {
  const [from, to] = [await stateOf(source), await stateOf(target)];
  const line = ({ location, state, uuid }: typeof from): string =>
    `${location}: ${state}${uuid ? ` (${uuid})` : ""}`;
  await printThing(
    { source: from, target: to },
    [
      ["Source", line(from)],
      ["Target", line(to)],
    ],
    output,
  );
  return from.state === "ready" || to.state === "ready" ? EXIT_CODES.done : EXIT_CODES.failed;
}

async function stateOf(store: Store) {
  const meta = (await readIdentity({ store }, step()))?.record;
  const { moved, recovery, state = "without identity", uuid } = meta ?? {};
  return {
    ...placeOf(store),
    state,
    uuid,
    ...(moved && { moved }),
    ...(recovery !== undefined && { recovery }),
  };
}

function placeOf({ description: { kind, location } }: Store) {
  return { kind, location };
}
