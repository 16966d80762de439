import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** The content of a file: a copy of another file, or a text. */
export type Content = { readonly copyOf: string } | { readonly text: string };

/**
 * Puts a file into a folder by rename, never by writing into the old one, which a process may be executing
 * or reading. Makes the folder where it is missing. The file is on the disk when this returns.
 *
 * @throws Error of the file system; the old file, if any, is still there then.
 */
export function place(folder: string, name: string, content: Content, mode: number): void {
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${name}.${crypto.randomUUID()}`);
  try {
    if ("copyOf" in content) copyFileSync(content.copyOf, temporary);
    else writeFileSync(temporary, content.text, { mode });
    chmodSync(temporary, mode);
    sync(temporary);
    renameSync(temporary, join(folder, name));
  } catch (failure) {
    rmSync(temporary, { force: true });
    throw failure;
  }
}

/** So that a power cut leaves no empty file. */
function sync(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}
