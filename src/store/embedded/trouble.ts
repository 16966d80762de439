import { StoreFailure } from "../../ipam/store-port.ts";

/** Whether SQLite only says that another process is at work: worth another try. */
export function isBusy(failure: unknown): boolean {
  return codeOf(failure).startsWith("SQLITE_BUSY") || codeOf(failure).startsWith("SQLITE_LOCKED");
}

/** What went wrong with the file, in words for people. */
export function troubleOf(failure: unknown, file: string): StoreFailure {
  if (failure instanceof StoreFailure) return failure;
  const code = codeOf(failure);
  const cause = { cause: failure };
  if (isBusy(failure)) {
    return new StoreFailure("unavailable", `the store ${file} is busy`, "Try again.", cause);
  }
  if (code.startsWith("SQLITE_FULL")) {
    return new StoreFailure(
      "no-space",
      `no space left for the store ${file}`,
      "Free space on its file system.",
      cause,
    );
  }
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return new StoreFailure(
      "unwritable",
      `the store ${file} is corrupt`,
      "Restore it from a backup, or move it away and run 'kube-ipam store init' once no pod of this node holds an address.",
      cause,
    );
  }
  if (
    code.startsWith("SQLITE_READONLY") ||
    code.startsWith("SQLITE_CANTOPEN") ||
    code === "EROFS" ||
    code === "EACCES"
  ) {
    return new StoreFailure(
      "unwritable",
      `the store ${file} cannot be written`,
      "Its folder must exist, be writable by root and not lie on a read-only file system (key dataDir).",
      cause,
    );
  }
  return new StoreFailure(
    "unwritable",
    `the store ${file} failed: ${textOf(failure)}`,
    "Look at the disk.",
    cause,
  );
}

export function newerSchema(file: string, found: number, known: number): StoreFailure {
  return new StoreFailure(
    "unwritable",
    `the store ${file} was written by a newer kube-ipam (schema ${found}, this program knows ${known})`,
    "Upgrade kube-ipam on this node.",
  );
}

function codeOf(failure: unknown): string {
  if (typeof failure !== "object" || failure === null || !("code" in failure)) return "";
  return String(failure.code);
}

function textOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
