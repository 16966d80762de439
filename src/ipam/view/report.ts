import type { AddEvent } from "../add-event.ts";
import type { Attempt } from "./attempt.ts";

/** Reports what became of an ADD to whoever serves it. */
export function report({ ports, request: { pod } }: Attempt, event: AddEvent): void {
  ports.report?.({ ...event, ...(pod && { pod }) });
}
