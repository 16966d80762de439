import { mkdirSync } from "node:fs";
import type { Folder } from "./folder.ts";
import { tool } from "./run.ts";

/** A file system unpacked from an image archive, as a runtime makes it. */
export interface Unpacked {
  readonly root: string;
  /** Paths of files and links, as the layer names them. */
  readonly files: readonly string[];
}

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
  readonly platform?: { readonly architecture: string };
}

/** Unpacks the image for this processor, or the only one, of an OCI archive of one layer. */
export async function unpackImage(archive: string, folder: Folder, architecture = ""): Promise<Unpacked> {
  const blobs = folder.file("archive");
  mkdirSync(blobs);
  await tool("tar", "-xf", archive, "-C", blobs);
  const path = ({ digest }: Descriptor) => `${blobs}/blobs/${digest.replace(":", "/")}`;
  let [descriptor] = await manifestsIn(`${blobs}/index.json`);
  if (descriptor?.mediaType.includes("index")) {
    const images = await manifestsIn(path(descriptor));
    descriptor = images.find(({ platform }) => platform?.architecture === architecture);
  }
  if (descriptor === undefined) throw new Error(`expected an image for ${architecture} in ${archive}`);
  const manifest = (await Bun.file(path(descriptor)).json()) as { layers: readonly [Descriptor] };
  const root = folder.file("root");
  mkdirSync(root);
  const listed = await tool("tar", "-xvzf", path(manifest.layers[0]), "-C", root);
  return { root, files: listed.split("\n").filter((name) => name !== "" && !name.endsWith("/")) };
}

async function manifestsIn(path: string): Promise<Descriptor[]> {
  return ((await Bun.file(path).json()) as { manifests: Descriptor[] }).manifests;
}
