import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of one test's own, gone when the scope that holds it ends, also when the test fails. */
export interface Folder extends Disposable {
  readonly path: string;
  file(...names: string[]): string;
}

/** Makes a folder outside the checkout, so that nothing finds node_modules by walking up. */
export function temporaryFolder(purpose: string, parent = tmpdir()): Folder {
  const path = mkdtempSync(join(parent, `kube-ipam-${purpose}-`));
  return {
    path,
    file: (...names) => join(path, ...names),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
