import { IpamError } from "../errors.ts";

/**
 * The result of a live read: the object, "absent", or "unknown" where the API gave no answer. "unknown"
 * proves nothing.
 */
export type Live<T> = T | "absent" | "unknown";

export interface LiveAnswer<T> {
  readonly state: Live<T>;
  /** Why the state is "unknown". */
  readonly reason?: string;
}

/**
 * Awaits one question to the Cluster port. "unknown" where the API does not answer or forbids the read;
 * never an IpamError.
 */
export async function readLive<T>(question: Promise<T | undefined>): Promise<LiveAnswer<T>> {
  const answer = await question.catch(doubt);
  if (answer instanceof IpamError) return { state: "unknown", reason: answer.message };
  return { state: answer ?? "absent" };
}

/**
 * Turns an IpamError of the Cluster port into a value. Throws anything else, which is a mistake of this
 * program.
 */
export function doubt(failure: unknown): IpamError {
  if (failure instanceof IpamError) return failure;
  throw failure;
}
