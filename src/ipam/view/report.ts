import type { AddEvent } from "../add-event.ts";
import type { Attempt } from "./attempt.ts";

/** Reports an event of an ADD, with its pod, to the process that serves it. */
export function report({ ports, request: { pod } }: Attempt, event: AddEvent): void {
  ports.report?.({ ...event, ...(pod && { pod }) });
}
