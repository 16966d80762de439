import type { AttachmentLock, Attendance } from "../node-port.ts";

/** For those who lock nothing, because they change nothing on a node. */
export const NO_LOCK: AttachmentLock = { cancelled: () => false, release: () => undefined };

export const NO_ATTENDANCE: Attendance = { ...NO_LOCK, lock: async () => NO_LOCK };
