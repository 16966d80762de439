import { after, continueFrom } from "./continue.ts";

/** One answer to a listing, in the order of the names. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly version: string;
  /** The API server's own token for what comes next; "" where nothing does. */
  readonly token: string;
}

/** Asks for a page; "refused" where the API server does not take the token. */
export type Ask<T> = (query: {
  readonly limit: number;
  readonly token: string;
}) => Promise<Listed<T> | "refused">;

/** At most `limit` items from a name on. */
export interface ListedFrom<T> {
  readonly items: readonly T[];
  readonly version: string;
  /** The name to go on from; undefined after the last one. */
  readonly next?: string;
}

/** Of a listing that goes through all names, because it cannot begin at one. */
const LONG_PAGE = 500;

/**
 * Lists from a name on, with a token of our own. An API server that takes none but those that it has made is asked for
 * all names up to there, page by page: slow, and right.
 */
export async function listFrom<T>(
  ask: Ask<T>,
  nameOf: (item: T) => string,
  from: string,
  limit: number,
): Promise<ListedFrom<T>> {
  const page = await ask({ limit, token: from === "" ? "" : continueFrom(from) });
  if (page !== "refused") return ended(page.items, page.version, page.token !== "", nameOf);
  const found: T[] = [];
  for (let token = ""; ; ) {
    const whole = await ask({ limit: LONG_PAGE, token });
    if (whole === "refused") throw new Error("the API server has refused its own token");
    found.push(...whole.items.filter((item) => nameOf(item) >= from));
    token = whole.token;
    if (found.length > limit || token === "")
      return ended(found.slice(0, limit), whole.version, found.length > limit, nameOf);
  }
}

function ended<T>(
  items: readonly T[],
  version: string,
  more: boolean,
  nameOf: (item: T) => string,
): ListedFrom<T> {
  const last = items.at(-1);
  return { items, version, ...(more && last !== undefined && { next: after(nameOf(last)) }) };
}
