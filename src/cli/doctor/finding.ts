/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly result: "ok" | "warning" | "FAILED";
  /** What was found. */
  readonly found: string;
  /** What to do; absent where all is well. */
  readonly remedy?: string;
}

/** A check that found all well. */
export function ok(check: string, found: string): Finding {
  return { check, result: "ok", found };
}

/** A check that found something that works, but not as it should. */
export function warning(check: string, found: string, remedy: string): Finding {
  return { check, result: "warning", found, remedy };
}

/** A check that found something that does not work. */
export function failed(check: string, found: string, remedy: string): Finding {
  return { check, result: "FAILED", found, remedy };
}

/** Runs a check; an error that it throws becomes a failed finding. Never throws. */
export async function finding(check: string, work: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await work();
  } catch (failure) {
    const { message, details, remedy } = failure as { message: string; details?: string; remedy?: string };
    return failed(check, message, details || remedy || "see the log");
  }
}
