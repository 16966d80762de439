import type { Notice } from "../notice.ts";
import type { Attempt } from "./attempt.ts";

/** Tells whoever serves this ADD what became of it. */
export function tell({ ports, request: { pod } }: Attempt, notice: Notice): void {
  ports.notice?.({ ...notice, ...(pod && { pod }) });
}
