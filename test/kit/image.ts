import { gzipSync } from "bun";
import { type TarEntry, tar } from "./tar.ts";

/** What goes into a container image of one layer. */
export interface ImageContent {
  /** Image name and tag, as `ctr run` takes it. */
  readonly reference: string;
  readonly files: readonly TarEntry[];
  readonly command: readonly string[];
}

/** An OCI image archive for `ctr images import`, made by hand: nothing is downloaded. */
export function ociImage(content: ImageContent): Uint8Array {
  const layer = tar(content.files);
  const blob = gzipSync(layer as Uint8Array<ArrayBuffer>);
  const config = json({
    architecture: "amd64",
    os: "linux",
    config: { Env: ["PATH=/bin"], Cmd: content.command },
    rootfs: { type: "layers", diff_ids: [digest(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blob)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor("application/vnd.oci.image.manifest.v1+json", manifest),
        annotations: { "io.containerd.image.name": content.reference },
      },
    ],
  });
  return tar([
    { path: "oci-layout", bytes: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", bytes: index },
    ...[config, manifest, blob].map((bytes) => ({ path: `blobs/sha256/${sha256(bytes)}`, bytes })),
  ]);
}

function descriptor(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digest(bytes), size: bytes.length };
}

function digest(bytes: Uint8Array): string {
  return `sha256:${sha256(bytes)}`;
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
