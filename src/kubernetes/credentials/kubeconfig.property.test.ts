import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { IpamError } from "../../ipam/errors.ts";
import { authenticate } from "./authentication.ts";
import { loadCredentials } from "./credentials.ts";
import { readKubeConfig } from "./kubeconfig.ts";

/**
 * A kubeconfig of random contexts, clusters and users is read to what its context names, or refused;
 * never to another one's. What it says in secret stands in no error.
 */

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Hundreds of files on a machine that has other things to do. */
const PATIENCE_MS = 60_000;

const never = new AbortController().signal;
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Some are no texts to YAML unless quoted. */
const NAMES = ["a", "b", "yes", "1", "null", "~", "x: y", "# c", "ä €", "__proto__", "- d", ""];

/** Each is its own, so that whose was taken, or shown, can be told. */
let secrets: string[] = [];

function secret(): string {
  const made = `s3cret-${crypto.randomUUID()}`;
  secrets.push(made);
  return made;
}

/** Gives the name of a new file, relative to the kubeconfig. */
function fileWith(text: string): string {
  const name = crypto.randomUUID();
  writeFileSync(join(folder, name), text);
  return name;
}

/** Keys of an entry, and what they mean when it is chosen: undefined is nothing. */
interface Way {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly means: string | undefined | "refused";
}

function pick(usual: readonly (() => Way)[], unusual: readonly (() => Way)[]): fc.Arbitrary<Way> {
  return fc
    .oneof(
      { weight: 9, arbitrary: fc.constantFrom(...usual) },
      { weight: 1, arbitrary: fc.constantFrom(...unusual) },
    )
    .map((make) => make());
}

function material(key: string): fc.Arbitrary<Way> {
  const data = `${key}-data`;
  const inside = (text: string): Way => ({ keys: { [data]: base64(text) }, means: text });
  const outside = (text: string): Way => ({ keys: { [key]: fileWith(text) }, means: text });
  return pick(
    [
      () => ({ keys: { [key]: null, [data]: "" }, means: undefined }),
      () => ({ keys: {}, means: undefined }),
      () => inside(secret()),
      () => outside(secret()),
    ],
    [
      () => ({ keys: { [data]: `${base64(secret())}!` }, means: "refused" }),
      () => ({ keys: { ...inside(secret()).keys, ...outside(secret()).keys }, means: "refused" }),
    ],
  );
}

const token = (text: string): Way => ({ keys: { token: text }, means: `Bearer ${text}` });
const basic = (password: string): Way => ({
  keys: { username: "n", password },
  means: `Basic ${base64(`n:${password}`)}`,
});

/** How a header authenticates a user. */
const authorization = pick(
  [
    () => ({ keys: { token: "" }, means: undefined }),
    () => token(secret()),
    () => basic(secret()),
    () => {
      const text = secret();
      return { keys: { token: secret(), tokenFile: fileWith(`${text}\n`) }, means: `Bearer ${text}` };
    },
  ],
  [
    () => ({ keys: { ...token(secret()).keys, ...basic(secret()).keys }, means: "refused" }),
    () => ({ keys: { ...token(secret()).keys, "auth-provider": { name: "p" } }, means: "refused" }),
  ],
);

/** Entries whose names are mostly their own. */
function entriesOf<T extends { readonly name: string }>(entry: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.uniqueArray(entry, { selector: ({ name }) => name, minLength: 2 }) },
    { weight: 1, arbitrary: fc.array(entry, { maxLength: 4 }) },
  );
}

const model = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 3 }).chain((names) => {
  const name = fc.constantFrom(...names);
  const mostly = fc.option(name, { freq: 9 });
  return fc.record({
    clusters: entriesOf(
      fc.record({
        name,
        authority: material("certificate-authority"),
        skips: fc.boolean(),
        plain: fc.boolean(),
      }),
    ),
    users: entriesOf(
      fc.record({
        name,
        authorization,
        certificate: material("client-certificate"),
        key: material("client-key"),
      }),
    ),
    contexts: entriesOf(fc.record({ name, cluster: mostly, user: mostly })),
    current: mostly,
    asked: fc.option(name, { nil: undefined }),
  });
});

type Model = typeof model extends fc.Arbitrary<infer T> ? T : never;

const serverOf = (index: number, plain: boolean) => `${plain ? "http" : "https"}://s${index}.example:6443`;

function documentOf({ clusters, contexts, current, users }: Model) {
  return {
    "current-context": current,
    contexts: contexts.map(({ name, ...context }) => ({ name, context })),
    users: users.map(({ authorization, certificate, key, name }) => ({
      name,
      user: { ...authorization.keys, ...certificate.keys, ...key.keys },
    })),
    clusters: clusters.map(({ authority, name, plain, skips }, index) => ({
      name,
      cluster: { server: serverOf(index, plain), "insecure-skip-tls-verify": skips, ...authority.keys },
    })),
  };
}

/** The same from the model itself, without any of the code that is tested. */
function expected({ asked, clusters, contexts, current, users }: Model): unknown {
  const only = <T extends { readonly name: string }>(
    entries: readonly T[],
    name: string | null | undefined,
  ) => {
    const found = entries.filter((entry) => entry.name === name);
    return found.length === 1 && name !== "" ? found[0] : undefined;
  };
  const context = only(contexts, asked ?? current);
  const cluster = only(clusters, context?.cluster);
  const user = only(users, context?.user);
  if (cluster === undefined || user === undefined) return "refused";
  const { authority, plain, skips } = cluster;
  if (skips && !plain && authority.means !== undefined) return "refused";
  const ways = [authority, user.authorization, user.certificate, user.key].map(({ means }) => means);
  if (ways.includes("refused")) return "refused";
  return { server: serverOf(clusters.indexOf(cluster), plain), skips, ways };
}

async function actual(path: string, asked: string | undefined): Promise<unknown> {
  try {
    const access = readKubeConfig(path, asked);
    const { headers, tls } = await authenticate(access, undefined, never);
    const ways = [tls.ca, headers.Authorization, tls.cert, tls.key];
    return { server: access.server, skips: !tls.rejectUnauthorized, ways };
  } catch {
    return "refused";
  }
}

type Style = (document: object) => string;

/** The aliases of `yaml` stand for what is the same object twice. */
const STYLES: readonly Style[] = [
  (document) => JSON.stringify(document),
  (document) => JSON.stringify(document, null, "\t").replaceAll("\n", "\r\n"),
  (document) => `# who and where\n---\n${stringify(document)}---\n`,
  (document) => `\ufeff${stringify(document, { defaultStringType: "QUOTE_SINGLE", lineWidth: 40 })}`,
  (document) => stringify(document, { collectionStyle: "flow" }).replaceAll("\n", "\r\n"),
  (document) => stringify({ x: document, ...document }),
  (document) => Bun.YAML.stringify(document, null, 2),
];

const style = fc.constantFrom(...STYLES);

test(
  "a kubeconfig is read to what its context names, or refused",
  async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(model, style, async (model, style) => {
        const path = join(folder, "kubeconfig");
        writeFileSync(path, style(documentOf(model)));
        const outcome = expected(model);
        if (outcome !== "refused") read += 1;
        expect(await actual(path, model.asked)).toEqual(outcome);
      }),
      { numRuns: 300 },
    );
    expect(read).toBeGreaterThan(30);
  },
  PATIENCE_MS,
);

/** What one slip of the hand makes of a text. */
const slip = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  how: fc.constantFrom<(text: string, at: number) => string>(
    (text) => text,
    (text, at) => text.slice(0, at),
    (text, at) => text.slice(0, at) + text.slice(at + 1),
    ...[" ", "\n", "\t", ":", '"', "{", "*", "&", "\u0000"].map(
      (more) => (text: string, at: number) => text.slice(0, at) + more + text.slice(at),
    ),
  ),
});

/** Of each user and cluster what people have to keep to themselves. */
function withSecrets(document: ReturnType<typeof documentOf>): object {
  const env = () => [{ name: "PASSWORD", value: secret() }];
  return {
    ...document,
    clusters: document.clusters.map(({ cluster, name }, index) => ({
      name,
      cluster: {
        ...cluster,
        server: cluster.server.replace("//", `//n:${secret()}@`),
        ...(index % 2 === 0 && { "proxy-url": `socks5://n:${secret()}@proxy` }),
      },
    })),
    users: document.users.map(({ name, user }) => ({
      name,
      user: { exec: { command: "/nothing/here", args: [secret()], env: env() }, ...user },
    })),
  };
}

test(
  "no error shows a secret of the file",
  async () => {
    let errors = 0;
    await fc.assert(
      fc.asyncProperty(model, style, slip, async (model, style, { at, how }) => {
        const path = join(folder, "kubeconfig");
        const text = style(withSecrets(documentOf(model)));
        writeFileSync(path, how(text, Math.floor(at * text.length)));
        const told = await errorOf(path, model.asked);
        if (told !== undefined) errors += 1;
        const parts = secrets.flatMap((each) => [each, base64(each)].flatMap(ends));
        secrets = [];
        expect(parts.filter((part) => told?.includes(part))).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(errors).toBeGreaterThan(150);
  },
  PATIENCE_MS,
);

/** The slip may have gone through it. */
const ends = (text: string) => [text.slice(0, 12), text.slice(-12)];

async function errorOf(kubeConfig: string, context: string | undefined): Promise<string | undefined> {
  try {
    const credentials = loadCredentials({ kubeConfig, ...(context !== undefined && { context }) });
    await credentials.apply(never);
    return undefined;
  } catch (error) {
    if (!(error instanceof IpamError)) throw error;
    expect(error.code).toBe(104);
    expect(error.message).toContain(kubeConfig);
    return `${error.message} ${error.details} ${error.stack}`;
  }
}
