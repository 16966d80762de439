import { type Cidr, parseCidr } from "../../address/cidr.ts";
import { visible } from "../../address/visible.ts";
import { AbsentError, UsageError } from "../../command-line/failure.ts";
import { printErr, printOut, printPart } from "../../command-line/print.ts";
import { startProgress } from "../../command-line/progress.ts";
import { definitionsOf, subnetsOf } from "../../ipam/network-definitions.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { Entry } from "../../ipam/store-port.ts";
import { type Exported, exportRecords } from "../../portable/export-records.ts";
import type { Session } from "../session/open.ts";

export const EXPORTS = ["records", "whereabouts"] as const;

/** Records that are printed together. */
const PER_PART = 500;

export interface ExportOptions {
  readonly to: (typeof EXPORTS)[number];
  readonly network?: string;
  readonly range: readonly Cidr[];
  readonly namespace: string;
  readonly networkName?: string;
}

/** `store export`: prints one JSON document on stdout. */
export async function exportStore(given: ExportOptions, session: Session): Promise<number> {
  if (given.to === "whereabouts") return exportToWhereabouts(given, session);
  const { ports, options } = session;
  const progress = startProgress("reading records");
  const exported = await exportRecords(ports.store, options, progress.at).finally(progress.end);
  const { count, unfit } = exported;
  if (unfit > 0) {
    printErr(
      `warning: the index and the allocations of ${unfit} attachments contradict each other; both are exported as they are`,
    );
  }
  printErr(`${count} records`);
  for (const part of partsOf(exported)) if (!printPart(visible(part))) break;
  return 0;
}

/** The document as JSON, part by part, as JSON.stringify writes it with an indent of 1. */
function* partsOf({ head, records }: Exported): Generator<string> {
  let text = `${JSON.stringify(head, null, 1).slice(0, -2)},\n "records": [`;
  let count = 0;
  for (const record of records()) {
    text += `${count === 0 ? "" : ","}\n  ${JSON.stringify(record, null, 1).replaceAll("\n", "\n  ")}`;
    count += 1;
    if (count % PER_PART !== 0) continue;
    yield text;
    text = "";
  }
  yield `${text}${count === 0 ? "" : "\n "}]\n}\n`;
}

/** Prints one network as whereabouts' objects, for kubectl. */
async function exportToWhereabouts(given: ExportOptions, session: Session): Promise<number> {
  const { network, range, namespace, networkName } = given;
  if (network === undefined)
    throw new UsageError(
      "--to whereabouts needs --network",
      "name the network as kube-ipam's configuration does",
    );
  const { toWhereabouts } = await import("../../portable/to-whereabouts.ts");
  const ranges = range.length > 0 ? range : await subnetsOfNetwork(network, session);
  const { pools, reservations, remarks } = toWhereabouts(await attachmentsOf(network, session), {
    ranges,
    namespace,
    ...(networkName !== undefined && { networkName }),
  });
  for (const remark of remarks) printErr(`note: ${remark}`);
  printErr(`${pools.length} pools, ${reservations.length} addresses`);
  const items = [...pools, ...reservations];
  return printOut(visible(JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 1)));
}

async function subnetsOfNetwork(network: string, { ports, options }: Session): Promise<Cidr[]> {
  const ref = refTo.network(network);
  const known = (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record;
  if (known !== undefined) return subnetsOf(definitionsOf(known)).map(parseCidr);
  throw new AbsentError(
    `the store knows no network '${network}' yet`,
    "name its range in whereabouts with --range, such as 10.1.2.0/24",
  );
}

async function attachmentsOf(network: string, { ports, options }: Session): Promise<Entry<"attachment">[]> {
  const found: Entry<"attachment">[] = [];
  for await (const entry of ports.store.list({ kind: "attachment" }, options))
    if (entry.ref.id.network === network) found.push(entry);
  return found;
}
