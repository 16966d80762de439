import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IpamError } from "../../ipam/errors.ts";
import { kubeConfigText } from "../testing/kubeconfig.ts";
import { loadCredentials } from "./credentials.ts";

/** A kubeconfig that a network names, where no administrator vouches for it (docs/design.md section 7). */

const root = mkdtempSync(join(tmpdir(), "networks-kubeconfig-"));
const folder = join(root, "own");
mkdirSync(folder);
afterAll(() => rmSync(root, { recursive: true }));

function kubeConfig(user: object, path = join(folder, "kubeconfig")): string {
  writeFileSync(path, kubeConfigText({ server: "http://127.0.0.1:1" }, user));
  return path;
}

async function authorization(user: object, byNetwork: boolean, path?: string): Promise<string> {
  try {
    const credentials = loadCredentials({ kubeConfig: kubeConfig(user, path), byNetwork });
    const { headers } = await credentials.apply(AbortSignal.timeout(5_000));
    return headers.Authorization ?? "";
  } catch (error) {
    const { code, details } = error as IpamError;
    return `${code} ${details}`;
  }
}

test.each(["/bin/sh", "sh", "./helper"])("E46: no program of it runs: %s", async (command) => {
  const mark = join(root, "ran");
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command, args: ["-c", `touch ${mark}`] };
  expect(await authorization({ exec }, true)).toMatch(/^104 its user's exec names a program.*node's file/);
  expect(await authorization({ token: "t", exec }, true)).toStartWith("104 ");
  expect(existsSync(mark)).toBe(false);
  if (command !== "./helper") await authorization({ exec }, false);
  expect(existsSync(mark)).toBe(command !== "./helper");
  rmSync(mark, { force: true });
});

test("E47: its token file lies in its own folder, links followed; no other file goes to its server", async () => {
  writeFileSync(join(root, "secret"), "of another\n");
  writeFileSync(join(folder, "token"), "t\n");
  symlinkSync(join(root, "secret"), join(folder, "link"));
  symlinkSync("token", join(folder, "renewed"));
  expect(await authorization({ tokenFile: "token" }, true)).toBe("Bearer t");
  expect(await authorization({ tokenFile: join(folder, "renewed") }, true)).toBe("Bearer t");
  for (const tokenFile of ["../secret", join(root, "secret"), "link", "/proc/self/environ"]) {
    const refusal = await authorization({ tokenFile }, true);
    expect(refusal).toMatch(/^104 its users\[0\]\.user\.tokenFile cannot be read: .* lies outside of /);
    expect(refusal).not.toContain("of another");
  }
  expect(await authorization({ tokenFile: "../secret" }, false)).toBe("Bearer of another");
});

test("E47: its own folder is the one that it was read from, not the one that its path seems to name", async () => {
  const mine = join(folder, "mine");
  mkdirSync(join(mine, "deep"), { recursive: true });
  symlinkSync("mine/deep", join(folder, "into"));
  // The kernel goes back from the link's end, so this is mine/kubeconfig; as text it is root/own/kubeconfig.
  const path = `${folder}/into/../kubeconfig`;
  writeFileSync(join(folder, "not-mine"), "of another\n");
  expect(await authorization({ tokenFile: "not-mine" }, true, path)).toMatch(/^104 .* lies outside of /);
  expect(existsSync(join(mine, "kubeconfig"))).toBe(true);
});

test("what it holds itself is fine", async () => {
  expect(await authorization({ token: "t" }, true)).toBe("Bearer t");
  expect(await authorization({ username: "u", password: "p" }, true)).toStartWith("Basic ");
});
