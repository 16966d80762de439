import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Access } from "./access.ts";
import { readKubeConfig } from "./kubeconfig.ts";
import { MOST_BYTES } from "./material.ts";

/** What kubectl 1.32 does with the same files, unless a test says otherwise. */

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, context?: string): Access {
  const path = join(folder, "kubeconfig");
  writeFileSync(path, text);
  return readKubeConfig(path, context);
}

interface Parts {
  readonly cluster?: unknown;
  readonly user?: unknown;
  readonly context?: unknown;
}

const SERVER = "https://s:6443";
const TOKEN = { key: "users[0].user.token", text: "t" };

function document({ cluster = { server: SERVER }, context, user = { token: "t" } }: Parts = {}) {
  return {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: context ?? { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
}

const saying = (parts: Parts) => read(JSON.stringify(document(parts)));
const adding = (more: object) => read(JSON.stringify({ ...document(), ...more }));

const YAML = `# a comment
apiVersion: v1
kind: Config
clusters:
- name: c # and another
  cluster: {server: "${SERVER}"}
users:
- name: u
  user:
    token: t
contexts:
- name: x
  context: {cluster: c, user: u, namespace: n}
current-context: x
`;

describe("is read", () => {
  test.each([
    ["YAML", YAML],
    ["with line ends of Windows", YAML.replaceAll("\n", "\r\n")],
    ["with a byte order mark", `\ufeff${YAML}`],
    ["with an end of document and nothing after it", `---\n${YAML}---\n`],
    ["with keys that nobody knows", `${YAML}preferences: {colors: true}\nextensions: 7\n`],
    ["with a key that stands twice: the last one counts", `current-context: nothing\n${YAML}`],
    ["with an anchor", YAML.replace("name: u", "name: &u u").replace("user: u", "user: *u")],
    ["with a merge", YAML.replace("user:\n    token: t", "user:\n    <<: {token: t}")],
    [
      "JSON, with tabs",
      JSON.stringify(document({ context: { cluster: "c", user: "u", namespace: "n" } }), null, "\t"),
    ],
  ])("%s", (_name, text) => {
    expect(read(text)).toMatchObject({ server: SERVER, token: TOKEN, namespace: "n" });
  });

  test("another context than the current one", () => {
    const contexts = ["x", "y"].map((name) => ({ name, context: { cluster: name, user: name } }));
    const clusters = ["x", "y"].map((name) => ({ name, cluster: { server: `https://${name}` } }));
    const users = ["x", "y"].map((name) => ({ name, user: { token: name } }));
    const text = JSON.stringify({ contexts, clusters, users, "current-context": "x" });
    for (const [asked, name] of [
      [undefined, "x"],
      ["y", "y"],
    ] as const)
      expect(read(text, asked)).toMatchObject({ server: `https://${name}`, token: { text: name } });
  });

  test("null and empty texts as absent", () => {
    const none = {
      token: null,
      tokenFile: "",
      "client-key": "",
      "client-key-data": null,
      exec: null,
      as: "",
    };
    const { exec, impersonated, token, certificateKey } = saying({ user: none });
    expect({ exec, impersonated, token, certificateKey }).toEqual({
      exec: undefined,
      impersonated: undefined,
      token: undefined,
      certificateKey: undefined,
    });
    expect(saying({ user: null }).token).toBeUndefined();
  });

  test("paths relative to the file's folder, absolute ones as they are", () => {
    const cluster = { server: SERVER, "certificate-authority": "ca.crt" };
    const user = { tokenFile: "../t", "client-certificate": "/c.crt", "client-key": "k/c.key" };
    expect(saying({ cluster, user })).toMatchObject({
      authority: { path: join(folder, "ca.crt") },
      certificate: { path: "/c.crt" },
      certificateKey: { path: join(folder, "k/c.key") },
      token: { path: join(folder, "../t") },
    });
  });

  test("base64 with line breaks", () => {
    const user = { "client-certificate-data": "aGVs\r\nbG8=\n" };
    expect(saying({ user }).certificate).toMatchObject({ text: "hello" });
  });

  test("entries that are not asked for, whatever is wrong in them", () => {
    const others = { name: "other", cluster: { server: 7 }, user: { exec: {}, token: 7 }, context: null };
    const { clusters, contexts, users } = document();
    const lists = {
      clusters: [others, ...clusters],
      contexts: [others, ...contexts],
      users: [...users, others],
    };
    expect(adding(lists)).toMatchObject({ server: SERVER, token: TOKEN });
  });

  test("what an exec plugin is to know", () => {
    const cluster = { server: SERVER, "tls-server-name": "n" };
    const exec = { command: "./p", args: ["a"], env: [{ name: "E", value: "v" }], provideClusterInfo: true };
    const settings = saying({ cluster, user: { exec } }).exec;
    expect(settings).toMatchObject({ command: join(folder, "p"), args: ["a"] });
    const env = Object.fromEntries((settings?.env ?? []).map(({ name, value }) => [name, value]));
    expect(env.E).toBe("v");
    expect(JSON.parse(env.KUBERNETES_EXEC_INFO ?? "")).toMatchObject({
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: SERVER, "tls-server-name": "n" } },
    });
    expect(saying({ user: { exec: { command: "p" } } }).exec?.command).toBe("p");
  });
});

describe("is refused", () => {
  const names = "its current context 'x' names no cluster and user: ";
  const twice = (name: string) => [{ name, context: document().contexts[0]?.context }, { name }];
  test.each<[string, () => unknown, string]>([
    ["nothing", () => read(""), "it is empty, or no mapping of keys"],
    ["a word", () => read("hello"), "it is empty, or no mapping of keys"],
    ["a list", () => read("[{}]"), "it is a list, or holds several documents"],
    ["an empty list", () => read("[]"), "it is a list, or holds several documents"],
    // kubectl takes the first one of several.
    ["a second document", () => read(`${YAML}---\n${YAML}`), "it is a list, or holds several documents"],
    ["an open bracket", () => read("{"), "it is no YAML: Unexpected token"],
    ["a tab before a key", () => read(`a:\n\tb: 1`), "it is no YAML: Tab characters cannot"],
    ["a section that is a text", () => adding({ users: "u" }), "its key users is of the wrong kind"],
    ["an entry that is a text", () => adding({ users: ["u"] }), "its key users[0] is of the wrong kind"],
    ["an entry without a name", () => adding({ users: [{}] }), "its key users[0].name is missing"],
    ["no sections", () => read("current-context: x"), `${names}there is no context 'x'`],
    ["sections of null", () => adding({ contexts: null }), `${names}there is no context 'x'`],
    ["no user of that name", () => adding({ users: [] }), `${names}there is no user 'u'`],
    ["no cluster of that name", () => adding({ clusters: [] }), `${names}there is no cluster 'c'`],
    ["a context without a user", () => saying({ context: { cluster: "c" } }), `${names}there is no user ''`],
    ["an empty context", () => saying({ context: {} }), `${names}there is no cluster ''`],
    ["two contexts of a name", () => adding({ contexts: twice("x") }), `${names}there are two contexts 'x'`],
    ["two users of a name", () => adding({ users: twice("u") }), `${names}there are two users 'u'`],
    [
      "no current context",
      () => adding({ "current-context": "" }),
      "its current context '' names no cluster",
    ],
    [
      "a context of a number",
      () => adding({ "current-context": 1 }),
      "its key current-context is of the wrong",
    ],
  ])("%s", (_name, attempt, reason) => {
    expect(attempt).toThrow(reason);
  });

  const USER = "users[0].user";
  const secret = "c2VjcmV0";
  test.each<[string, object, string]>([
    [
      "a token and a username",
      { token: secret, username: "n" },
      `its ${USER} has both a token and a username`,
    ],
    ["a token file and a username", { tokenFile: "t", username: "n" }, "has both a token and a username"],
    ["a password alone", { password: secret }, `its ${USER} has a password and no username`],
    [
      "a key and a file of it",
      { "client-key": "k", "client-key-data": secret },
      `its ${USER} has both client-key and client-key-data`,
    ],
    [
      "a certificate and a file of it",
      { "client-certificate": "k", "client-certificate-data": secret },
      "has both client-certificate and client-certificate-data",
    ],
    ["no base64", { "client-key-data": `${secret}!` }, `its key ${USER}.client-key-data is no base64`],
    ["base64 that broke off", { "client-key-data": `${secret}ZQ` }, "client-key-data is no base64"],
    ["base64 of URLs", { "client-certificate-data": "_-__" }, "client-certificate-data is no base64"],
    [
      "an auth provider",
      { "auth-provider": { name: "oidc", config: { "id-token": secret } }, token: secret },
      "its auth-provider 'oidc' is not supported (users[0].user): use a token",
    ],
    ["impersonated groups", { as: "a", "as-groups": ["g"] }, `its key ${USER}.as-groups is not supported`],
    ["an impersonated UID", { as: "a", "as-uid": "1" }, `its key ${USER}.as-uid is not supported`],
    ["more of a user", { as: "a", "as-user-extra": { k: ["v"] } }, "as-user-extra is not supported"],
    ["a token of a number", { token: 12345 }, `its key ${USER}.token is of the wrong kind`],
  ])("a user with %s", (_name, user, reason) => {
    const attempt = () => saying({ user });
    expect(attempt).toThrow(reason);
    expect(attempt).not.toThrow(new RegExp(`${secret}|12345`));
  });

  test("a server that is not verified, and an authority to verify it by", () => {
    const cluster = { server: SERVER, "insecure-skip-tls-verify": true, "certificate-authority": "ca.crt" };
    const both = "its clusters[0].cluster has both insecure-skip-tls-verify and a certificate-authority";
    expect(() => saying({ cluster })).toThrow(both);
    expect(() => saying({ cluster: { ...cluster, server: "s:6443" } })).toThrow(both);
    expect(saying({ cluster: { ...cluster, server: "http://s" } }).isUnverified).toBe(true);
  });
});

describe("BOUNDED", () => {
  // What grows beyond all measure does not end within the test's time.
  const patience = (work: () => unknown) => expect(work).toThrow();

  test("a file of more than a MiB is not parsed", () => {
    const comment = "#".repeat(MOST_BYTES - YAML.length - 1);
    expect(read(`${YAML}${comment}\n`)).toMatchObject({ server: SERVER });
    expect(() => read(`${YAML}${comment}#\n`)).toThrow(`is larger than ${MOST_BYTES} bytes`);
  });

  test("aliases of aliases", () => {
    const bomb = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${"*a0,".repeat(9)}*a${n}]`);
    patience(() => read(`a0: &a0 [x,x]\n${bomb.join("\n")}\nusers: *a30\n`));
  });

  test("one user, large and a hundred thousand times", () => {
    const user = `{name: u, user: &u {exec: {command: c, args: [${"a,".repeat(100_000)}]}}}`;
    const users = `- &e ${user}\n${"- *e\n".repeat(100_000)}`;
    patience(() => read(YAML.replace(/- name: u\n {2}user:\n {4}token: t\n/, users)));
  });

  test("merges of a large mapping", () => {
    const keys = Array.from({ length: 50_000 }, (_, n) => `k${n}`).join(",");
    patience(() => read(`a: &a {${keys}}\nusers:\n${"- {<<: *a}\n".repeat(50_000)}`));
  });

  test.each(["[", "{a: ", "- ", "? "])("nesting without an end: %s", (open) => {
    patience(() => read(open.repeat(MOST_BYTES / open.length - 1)));
  });
});
