/** What is wrong with an object: "refuse" where its pods can never start, "warn" where they still may. */
export interface Finding {
  readonly severity: "refuse" | "warn";
  /** What is wrong and what to do, in one line. */
  readonly message: string;
}

export function refuse(message: string): Finding {
  return { severity: "refuse", message };
}

export function warn(message: string): Finding {
  return { severity: "warn", message };
}
