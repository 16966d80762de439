/** What came of looking at one thing that kube-ipam needs on this node. */
export interface Finding {
  readonly check: string;
  readonly result: "ok" | "warning" | "FAILED";
  /** What was found. */
  readonly found: string;
  /** What to do, where something is to be done. */
  readonly remedy?: string;
}

export function ok(check: string, found: string): Finding {
  return { check, result: "ok", found };
}

export function warning(check: string, found: string, remedy: string): Finding {
  return { check, result: "warning", found, remedy };
}

export function failed(check: string, found: string, remedy: string): Finding {
  return { check, result: "FAILED", found, remedy };
}

/** A check that throws has found what it threw. */
export async function finding(check: string, work: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await work();
  } catch (failure) {
    const { message, details, remedy } = failure as { message: string; details?: string; remedy?: string };
    return failed(check, message, details || remedy || "see the log");
  }
}
