import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Access } from "./access.ts";
import { authenticate } from "./authentication.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import { MOST_BYTES } from "./material.ts";

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-authentication-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const asked = (access: Partial<Access>, plugin?: ExecPlugin) =>
  authenticate({ server: "https://s", isUnverified: false, ...access }, plugin, never);
const text = (value: string) => ({ key: "key", text: value });
const giving = (status: object) => new ExecPlugin({ command: "echo", args: [JSON.stringify({ status })] });
const broken = new ExecPlugin({ command: "false" });

test("nothing is asked for with nothing", async () => {
  expect(await asked({})).toEqual({
    headers: { Accept: "application/json" },
    tls: { rejectUnauthorized: true },
  });
});

test("what the kubeconfig says is carried", async () => {
  const { headers, tls } = await asked({
    token: text("t"),
    impersonated: "somebody",
    tlsServerName: "n",
    authority: text("a"),
    isUnverified: true,
  });
  expect(headers).toEqual({
    Accept: "application/json",
    Authorization: "Bearer t",
    "Impersonate-User": "somebody",
  });
  expect(tls).toEqual({ ca: "a", serverName: "n", rejectUnauthorized: false });
});

test("a file that was renewed is taken up at once", async () => {
  const path = join(folder, "token");
  for (const token of ["first", "second"]) {
    writeFileSync(path, `${token}\n`);
    const { headers } = await asked({ token: { key: "tokenFile", path } });
    expect(headers.Authorization).toBe(`Bearer ${token}`);
  }
});

test("an exec plugin is asked only where there is no token", async () => {
  expect((await asked({}, giving({ token: "p" }))).headers.Authorization).toBe("Bearer p");
  expect((await asked({ token: text("t") }, broken)).headers.Authorization).toBe("Bearer t");
  await expect(asked({}, broken)).rejects.toThrow("its exec plugin failed and said nothing");
});

test("a certificate goes before the exec plugin's, and is never mixed with it", async () => {
  const plugin = giving({ clientCertificateData: "pc", clientKeyData: "pk" });
  expect((await asked({}, plugin)).tls).toMatchObject({ cert: "pc", key: "pk" });
  const own = { certificate: text("c"), certificateKey: text("k") };
  expect((await asked(own, plugin)).tls).toMatchObject({ cert: "c", key: "k" });
  expect((await asked({ certificate: text("c") }, plugin)).tls).not.toHaveProperty("key");
});

test("a token of blanks is none", async () => {
  await expect(asked({ token: text(" \n") })).rejects.toThrow("its token is empty");
  await expect(asked({}, giving({ token: " " }))).rejects.toThrow("its exec plugin's token is empty");
});

test("a file that cannot be read is named, unless what stands there may be the secret itself", async () => {
  const failing = (path: string) => asked({ token: { key: "users[0].user.tokenFile", path } });
  const missing = join(folder, "missing");
  await expect(failing(missing)).rejects.toThrow(`its users[0].user.tokenFile cannot be read: ENOENT`);
  await expect(failing(missing)).rejects.toThrow(missing);
  const hidden = "its users[0].user.tokenFile cannot be read: it names no file that can be read";
  for (const secret of ["s3cret".repeat(50), "-----BEGIN\ns3cret"]) {
    await expect(failing(join(folder, secret))).rejects.toThrow(hidden);
    await expect(failing(join(folder, secret))).rejects.not.toThrow("s3cret");
  }
  writeFileSync(join(folder, "large"), "x".repeat(MOST_BYTES + 1));
  await expect(failing(join(folder, "large"))).rejects.toThrow("is larger than");
});
