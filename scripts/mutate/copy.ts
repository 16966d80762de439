import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { broken, type Mutant } from "./mutants.ts";

/** How one run of tests ended; a run without an end is one that failed. */
export interface Ended {
  readonly passed: boolean;
  readonly milliseconds: number;
}

/** A copy of the sources, which may be broken. */
export class Copy implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), "kube-ipam-mutants-"));

  constructor() {
    for (const name of ["src", "test/kit", "package.json", "tsconfig.json"]) {
      cpSync(name, join(this.#root, name), { recursive: true });
    }
    symlinkSync(join(process.cwd(), "node_modules"), join(this.#root, "node_modules"));
  }

  /** Calls `act` while that one rule is broken. */
  whileBroken<T>(mutant: Mutant, act: () => T): T {
    const path = join(this.#root, mutant.file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, broken(text, mutant));
    try {
      return act();
    } finally {
      writeFileSync(path, text);
    }
  }

  run(test: string, limit: number): Ended {
    const begin = performance.now();
    const command = ["nice", process.execPath, "test", "--bail", "--timeout=20000", `./${test}`];
    const { exitCode } = Bun.spawnSync(command, {
      cwd: this.#root,
      stdout: "ignore",
      stderr: "ignore",
      timeout: Math.ceil(limit),
    });
    return { passed: exitCode === 0, milliseconds: performance.now() - begin };
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
