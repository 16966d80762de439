/**
 * Every error a user can meet, in one table: the name we use in code and the code the CNI
 * specification ("Error", well-known codes 1-99) or docs/design.md section 8 (100 and up) gives it.
 */
export const ERROR_CODES = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfig: 7,
  tryAgain: 11,
  notAvailable: 50,
  noFreeAddress: 100,
  addressHeld: 101,
  addressNotAllowed: 102,
  annotationMalformed: 103,
  kubernetesRefused: 104,
  storeRefused: 105,
  storeCannotWrite: 106,
  checkMismatch: 107,
  podGone: 108,
  internal: 999,
} as const;

export type ErrorName = keyof typeof ERROR_CODES;

/**
 * An error meant for the user: `message` says what happened, `details` says why and what to do.
 * Neither ever holds a secret (passwords in URLs, keys, tokens) or a stack trace.
 */
export class IpamError extends Error {
  override readonly name: ErrorName;
  readonly details: string;

  constructor(name: ErrorName, message: string, details = "", options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.details = details;
  }

  /** The number that stands in the CNI error result. */
  get code(): number {
    return ERROR_CODES[this.name];
  }
}

/** A failure as a log or an Event has it: what happened, and after a colon why and what to do. */
export function inFull(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const details = failure instanceof IpamError ? failure.details : "";
  return details === "" ? failure.message : `${failure.message}: ${details}`;
}

/**
 * What another program said about its failure, as the cause of an IpamError: for the log and for an operator. Who asks for an
 * address never sees it: it may hold what only the node's administrator should know.
 */
export class OthersWords extends Error {
  override readonly name = "OthersWords";
}

/** What another program said, if that is why it failed. */
export function othersWords(failure: unknown): string | undefined {
  return failure instanceof IpamError && failure.cause instanceof OthersWords
    ? failure.cause.message
    : undefined;
}
