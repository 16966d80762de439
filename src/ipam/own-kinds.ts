import { SHARE_KIND } from "./records.ts";

/** Kind of the "owner" that is an operator's remark: its name is the remark. */
export const NOTE_KIND = "Note";

/** Kind of the "owner" of a range that is blocked in a recovery: its name is the node that has not answered. */
export const BLOCK_KIND = "Recovery";

/**
 * Kinds that exist only in kube-ipam's records. An object of Kubernetes, or a request, that is called so must not become
 * an owner: it would change what is counted or blocked there.
 */
export const OWN_KINDS: ReadonlySet<string> = new Set([NOTE_KIND, BLOCK_KIND, SHARE_KIND]);
