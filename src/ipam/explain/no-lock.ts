import type { AttachmentLock, Attendance } from "../node-port.ts";

/** A lock for callers that change nothing on the node, and so lock nothing. */
export const NO_LOCK: AttachmentLock = {
  interrupted: false,
  cancelled: () => false,
  release: () => undefined,
};

/** Notices no DEL. */
export const NO_ATTENDANCE: Attendance = { ...NO_LOCK, lock: async () => NO_LOCK };
