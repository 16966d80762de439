/** System calls by which a process changes files or asks a server: the points at which a crash could do harm. */
const CHANGES = "write,pwrite64,fsync,fdatasync,rename,unlink,ftruncate,mkdir,flock,fcntl,sendto";

/** Runs a program under strace and kills it with SIGKILL as its `nth` changing call begins. */
export function killedAtChange(nth: number): string[] {
  return strace(`inject=${CHANGES}:signal=KILL:when=${nth}`, "/dev/null");
}

/** Runs a program under strace in which every flush to disk takes this much longer. */
export function slowDisk(milliseconds: number): string[] {
  return strace(`inject=fsync,fdatasync:delay_enter=${milliseconds * 1000}`, "/dev/null");
}

/** Runs a program under strace and writes its flushes and writes, in their order, to `file`. */
export function recordWrites(file: string): string[] {
  return ["strace", "-f", "-y", "-qq", "-o", file, "-e", "trace=write,writev,pwrite64,fsync,fdatasync"];
}

/** Runs a program under strace and writes what its threads call themselves to `file`. */
export function recordThreads(file: string): string[] {
  return ["strace", "-f", "-qq", "-o", file, "-e", "trace=prctl"];
}

function strace(inject: string, file: string): string[] {
  return ["strace", "-f", "-qq", "-o", file, "-e", `trace=${CHANGES}`, "-e", inject];
}
