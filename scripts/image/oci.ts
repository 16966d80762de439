import { gzipSync } from "bun";
import { type TarEntry, tar } from "./tar.ts";

/** What goes into a container image of one layer. */
export interface ImageContent {
  readonly files: readonly TarEntry[];
  /** Go's name of the processor; default "amd64". */
  readonly architecture?: "amd64" | "arm64";
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** Default "/bin". */
  readonly path?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Blob {
  readonly bytes: Uint8Array;
  readonly descriptor: { mediaType: string; digest: string; size: number };
}

const OCI = "application/vnd.oci.image";

/**
 * An OCI image archive (image-spec v1.1), as `ctr images import`, skopeo and podman read it, made by
 * hand: nothing is downloaded, and the same files give the same bytes.
 *
 * @param reference image name and tag, as `ctr run` takes it.
 * @param contents one image; or one for each processor, of which the runtime takes its own.
 */
export function ociArchive(reference: string, ...contents: readonly ImageContent[]): Uint8Array {
  const images = contents.map(makeImage);
  const [first, ...others] = images;
  if (first === undefined) throw new Error("expected at least one image");
  const many = others.length > 0 ? [makeIndex(images.map(({ listed }) => listed))] : [];
  const [top = first.manifest] = many;
  const annotations = {
    "io.containerd.image.name": reference,
    "org.opencontainers.image.ref.name": reference.slice(reference.lastIndexOf(":") + 1),
  };
  const blobs = [...images.flatMap((image) => image.blobs), ...many];
  return tar([
    { path: "oci-layout", bytes: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", bytes: makeIndex([{ ...top.descriptor, annotations }]).bytes },
    ...blobs.map(({ bytes }) => ({ path: `blobs/sha256/${sha256(bytes)}`, bytes })),
  ]);
}

function makeImage({ files, architecture = "amd64", entrypoint, command, path, labels }: ImageContent) {
  const layer = tar(files);
  const packed = blob(`${OCI}.layer.v1.tar+gzip`, gzipSync(layer as Uint8Array<ArrayBuffer>));
  const config = blob(
    `${OCI}.config.v1+json`,
    json({
      architecture,
      os: "linux",
      config: {
        Env: [`PATH=${path ?? "/bin"}`],
        ...(entrypoint && { Entrypoint: entrypoint }),
        ...(command && { Cmd: command }),
        ...(labels && { Labels: labels }),
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const manifest = blob(
    `${OCI}.manifest.v1+json`,
    json({
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: config.descriptor,
      layers: [packed.descriptor],
    }),
  );
  const listed = { ...manifest.descriptor, platform: { architecture, os: "linux" } };
  return { manifest, listed, blobs: [config, packed, manifest] };
}

function makeIndex(manifests: readonly object[]): Blob {
  return blob(
    `${OCI}.index.v1+json`,
    json({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests }),
  );
}

function blob(mediaType: string, bytes: Uint8Array): Blob {
  return { bytes, descriptor: { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length } };
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
