import { IpamError } from "../errors.ts";

/** A live read: what is there, that nothing is there, or that it could not be told (which proves nothing). */
export type Live<T> = T | "absent" | "unknown";

export interface LiveAnswer<T> {
  readonly state: Live<T>;
  /** Why it is unknown. */
  readonly reason?: string;
}

/** Asks the Cluster port one question; an API that does not answer, or may not be asked, makes it "unknown". */
export async function readLive<T>(question: Promise<T | undefined>): Promise<LiveAnswer<T>> {
  const answer = await question.catch(doubt);
  if (answer instanceof IpamError) return { state: "unknown", reason: answer.message };
  return { state: answer ?? "absent" };
}

/** What the Cluster port cannot tell is a doubt; anything else is a mistake of ours and must be seen. */
export function doubt(failure: unknown): IpamError {
  if (failure instanceof IpamError) return failure;
  throw failure;
}
