import { exportRecords } from "../../store/portable/export-records.ts";
import type { Session } from "../open.ts";
import { printErr, printOut } from "../print.ts";
import { startProgress } from "../progress.ts";

/** `store export`: one JSON document on stdout. */
export async function exportStore({ ports, options }: Session): Promise<number> {
  const progress = startProgress("reading records");
  const { document, unfit } = await exportRecords(ports.store, options, progress.at).finally(progress.end);
  if (unfit > 0) {
    printErr(
      `warning: of ${unfit} attachments the index and the allocations do not say the same; both are exported as they are`,
    );
  }
  printErr(`${document.records.length} records`);
  return printOut(`${JSON.stringify(document, null, 1)}\n`);
}
