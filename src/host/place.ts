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

/** What a file gets: the bytes of another one, or a text. */
export type Content = { readonly copyOf: string } | { readonly text: string };

/**
 * Puts a file into a folder by rename, never by writing into the old one: somebody may be executing or
 * reading that. Makes the folder where there is none.
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

/** After a power cut nobody must find an empty file. */
function sync(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}
