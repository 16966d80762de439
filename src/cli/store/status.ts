import { EXIT_CODES } from "../../command-line/failure.ts";
import { mebibytes } from "../../command-line/mebibytes.ts";
import { type Format, printThing } from "../../command-line/output.ts";
import { describeMove, describeSuspicion } from "../../ipam/in-words.ts";
import { pastDamage } from "../../ipam/integrity/damage.ts";
import { recallStore } from "../../ipam/integrity/identity.ts";
import { requireSame, verifyStore } from "../../ipam/integrity/one-store.ts";
import { OUT_OF_MOVE, outOfSuspicion } from "../../ipam/integrity/ways-out.ts";
import type { MetaRecord, RecordKind } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { Snapshot } from "../../ipam/store-port.ts";
import type { MemberStatus } from "../../store/configured-store.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { spacesOfNode } from "../ip/spaces.ts";
import type { Session } from "../session/open.ts";

const COUNTED = [
  "allocation",
  "attachment",
  "reservation",
  "owner",
  "network",
] as const satisfies readonly RecordKind[];

/** Whether this node accepts the store for one address space. */
interface SpaceView {
  readonly space: string;
  readonly remembered?: string;
  /** Why this node refuses the store (ONE-STORE). */
  readonly refused?: string;
}

/**
 * `store status`: prints which store this is, what it holds, and whether this node accepts it. Returns the
 * exit code.
 *
 * @throws StoreFailure after it has printed the state of etcd's members.
 */
export async function storeStatus(
  { output }: { readonly output: Format },
  session: Session,
): Promise<number> {
  const { settings, ports, options } = session;
  const { kind, location, prefix } = ports.store.description;
  const past = { ...session, options: pastDamage(options, ports) };
  const endpoints = await configuredStore(settings.store).members?.ask(options);
  const lines = (endpoints ?? []).map((endpoint) => endpointLine(endpoint, kind));
  try {
    const snapshot = await ports.store.read({ refs: [refTo.meta], exact: true }, options);
    const meta = snapshot.get(refTo.meta)?.record;
    const records = await countRecords(past);
    const spaces = (await spacesOfNode(past, undefined)).map((space) => viewOf(space, snapshot, session));
    const data = {
      kind,
      location,
      prefix,
      uuid: meta?.uuid ?? null,
      state: meta?.state ?? "not initialised",
      ...(meta?.suspicion && { suspicion: meta.suspicion }),
      ...(meta?.moved && { moved: meta.moved }),
    };
    const { revision } = snapshot;
    await printThing(
      {
        ...data,
        revision,
        records,
        spaces,
        ...(endpoints && { endpoints: endpoints.map(plain) }),
        source: settings.source,
      },
      [
        ["Store", `${data.kind} ${data.location}`],
        ["Prefix", data.prefix],
        ["Configured by", settings.source],
        ["UUID", data.uuid ?? undefined],
        ["State", stateText(meta, settings.requireInit)],
        ["Revision", String(revision)],
        ...Object.entries(records).map(([name, count]) => [titled(name), String(count)] as const),
        ...spaces.map(spaceLine),
        ...lines,
      ],
      output,
    );
    const stopped = meta?.state === "suspect" || meta?.state === "moved";
    const refused = stopped || spaces.some((space) => space.refused !== undefined);
    return refused ? EXIT_CODES.failed : EXIT_CODES.done;
  } catch (failure) {
    if (endpoints !== undefined) await printThing({ endpoints: endpoints.map(plain) }, lines, output);
    throw failure;
  }
}

async function countRecords({ ports, options }: Session): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of COUNTED) counts[`${kind}s`] = await ports.store.count({ kind }, options);
  counts.reservedRanges = 0;
  for await (const { record } of ports.store.list({ kind: "reservedRanges" }, options))
    counts.reservedRanges += record.ranges.length;
  return counts;
}

function viewOf(space: string, snapshot: Snapshot, { ports }: Session): SpaceView {
  try {
    const remembered = recallStore(space, ports);
    const known = remembered && { remembered: `${remembered.uuid} at revision ${remembered.revision}` };
    try {
      const meta = verifyStore(snapshot, remembered, space, ports)?.record;
      // No verb compares while the store is suspect; who asks is told what this node thinks of it.
      if (meta?.state === "suspect" && remembered) requireSame(meta, snapshot, remembered, space, ports);
      return { space, ...known };
    } catch (failure) {
      return { space, ...known, refused: textOf(failure) };
    }
  } catch (failure) {
    return { space, refused: textOf(failure) };
  }
}

function textOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

function stateText(meta: MetaRecord | undefined, requireInit: boolean): string {
  if (meta?.state === "suspect") {
    const since = meta.suspicion === undefined ? "" : ` since ${meta.suspicion.since}`;
    return `suspect${since}: ${describeSuspicion(meta)}. Do: ${outOfSuspicion(meta)}`;
  }
  if (meta?.state === "moved") return `moved: ${describeMove(meta)}. ${OUT_OF_MOVE}`;
  if (meta !== undefined) return meta.state;
  return requireInit
    ? "not initialised: 'kube-ipam store init' must give it an identity (requireInit), until then no ADD succeeds"
    : "not initialised: the first ADD, or 'kube-ipam store init', gives it an identity";
}

function titled(kind: string): string {
  return kind === "reservedRanges" ? "Reserved ranges" : `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

const WAYS_BACK =
  "run 'kube-ipam recover'; or 'kube-ipam store accept', if no pod holds an address that the store does not know";

function spaceLine({ space, remembered, refused }: SpaceView): readonly [string, string] {
  if (refused !== undefined) return [`Space ${space}`, `REFUSED by this node: ${refused}. Do: ${WAYS_BACK}`];
  return [
    `Space ${space}`,
    remembered === undefined ? "not used by this node yet" : "the store that this node has used",
  ];
}

function endpointLine(status: MemberStatus, kind: string): readonly [string, string] {
  const name = `Endpoint ${status.endpoint}`;
  if ("failure" in status) return [name, `FAILED: ${status.failure.message}${remedyText(status.failure)}`];
  const { version, leader, size, quota, errors, milliseconds } = status;
  const space = `${mebibytes(size)}${quota === undefined ? "" : ` of ${mebibytes(quota)}`}`;
  const alarms = errors.length === 0 ? "" : `, ALARM: ${errors.join("; ")}`;
  return [
    name,
    `${kind} ${version}${leader ? ", leader" : ""}, ${space}, ${Math.round(milliseconds)} ms${alarms}`,
  ];
}

function remedyText({ remedy }: { readonly remedy: string }): string {
  return remedy === "" ? "" : `. Do: ${remedy}`;
}

function plain(status: MemberStatus): object {
  if (!("failure" in status)) return status;
  const { endpoint, failure } = status;
  return { endpoint, failure: { kind: failure.kind, message: failure.message, remedy: failure.remedy } };
}
