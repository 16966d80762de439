/** A request that cannot be read; the message says which part. */
export class BadRequest extends Error {}
