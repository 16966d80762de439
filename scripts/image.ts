import { existsSync, renameSync, rmSync } from "node:fs";
import { VERSION } from "../src/command-line/release.ts";
import { type Architecture, imageContent } from "./image/content.ts";
import { ociArchive } from "./image/oci.ts";

/**
 * `bun scripts/image.ts FILE ARCHITECTURE=FOLDER…` writes an OCI image archive of the executable and
 * the shim in each folder. $KUBE_IPAM_IMAGE replaces the image's name.
 */

const [target, ...wishes] = process.argv.slice(2);
const images = wishes.map((wish) => {
  const [architecture, folder] = wish.split("=");
  if ((architecture !== "amd64" && architecture !== "arm64") || folder === undefined) usage();
  return imageContent(architecture satisfies Architecture, folder);
});
if (target === undefined || images.length === 0) usage();

const reference = process.env.KUBE_IPAM_IMAGE || `localhost/kube-ipam:${VERSION}`;
const archive = ociArchive(reference, ...images);
const temporary = `${target}.${process.pid}`;
try {
  await Bun.write(temporary, archive as Uint8Array<ArrayBuffer>);
  renameSync(temporary, target);
} finally {
  if (existsSync(temporary)) rmSync(temporary);
}
console.log(`${target} is built: ${reference} (${Math.round(archive.length / 1048576)} MiB)`);

function usage(): never {
  console.error("usage: bun scripts/image.ts FILE amd64=FOLDER|arm64=FOLDER…");
  process.exit(2);
}
