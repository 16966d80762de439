import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../../test/kit/wait.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import { lazyCluster } from "../ports/lazy-cluster.ts";
import { db0, failureOf, getPod, POD } from "../testing/asking.ts";
import { object, startFakeApi } from "../testing/fake-api.ts";
import { loadCredentials } from "./credentials.ts";

const api = startFakeApi();
const KUBECONFIG = api.kubeConfig();
afterAll(() => api.close());
beforeEach(() => {
  api.answers.clear();
  api.requests.length = 0;
});

const failure = (ask: (cluster: Cluster) => Promise<unknown>, kubeConfig = KUBECONFIG) =>
  failureOf(ask, kubeConfig);

describe("credentials", () => {
  const withUser = (user: object) => {
    api.answers.set(POD, object("db-0", "u1"));
    return getPod(lazyCluster({ kubeConfig: api.kubeConfig(user) }));
  };
  const authorization = () => api.requests[0]?.authorization;

  test("a token", async () => {
    expect((await withUser({ token: "t1" }))?.uid).toBe("u1");
    expect(authorization()).toBe("Bearer t1");
  });

  test("a token file, relative to the kubeconfig, read anew", async () => {
    writeFileSync(join(api.folder, "token"), "t2\n");
    await withUser({ tokenFile: "token" });
    expect(authorization()).toBe("Bearer t2");
  });

  test("an exec plugin, relative to the kubeconfig, told what for", async () => {
    const plugin = join(api.folder, "plugin.sh");
    const script =
      '#!/bin/sh\ncase "$KUBERNETES_EXEC_INFO" in *ExecCredential*) token=t3;; *) token=none;; esac\n' +
      'echo "{\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$token-$EXTRA\\"}}"\n';
    writeFileSync(plugin, script);
    chmodSync(plugin, 0o755);
    const env = [{ name: "EXTRA", value: "x" }];
    await withUser({ exec: { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin.sh", env } });
    expect(authorization()).toBe("Bearer t3-x");
  });

  test("an exec plugin that fails is named", async () => {
    const kubeConfig = api.kubeConfig({
      exec: { apiVersion: "client.authentication.k8s.io/v1", command: "./nothing" },
    });
    expect(await failure(getPod, kubeConfig)).toStartWith(
      `104 the Kubernetes credentials in ${kubeConfig} cannot be used; `,
    );
  });

  test("BOUNDED: an exec plugin that hangs costs no more than the deadline", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sleep", args: ["600"] };
    const deadline = performance.now() + 300;
    expect(await failure((cluster) => cluster.pod(db0, deadline), api.kubeConfig({ exec }))).toStartWith(
      "11 the API server at",
    );
  });

  test("BOUNDED: an exec plugin that hangs does not outlive the request", async () => {
    const started = join(api.folder, "started");
    const args = ["-c", `echo $$ > '${started}'; exec sleep 600`];
    const kubeConfig = api.kubeConfig({ exec: { command: "sh", args } });
    for (let patience = 300; !existsSync(started); patience *= 2)
      await failure((cluster) => cluster.pod(db0, performance.now() + patience), kubeConfig);
    const pid = readFileSync(started, "utf8").trim();
    await eventually(async () => !runs(pid) || undefined);
  });

  test("a token file counts before a token, as in client-go", async () => {
    writeFileSync(join(api.folder, "token"), "from-file");
    await withUser({ token: "t1", tokenFile: "token" });
    expect(authorization()).toBe("Bearer from-file");
  });

  test.each<[string, object, string]>([
    [
      "a token with a line break",
      { token: "t\nx" },
      "for the header Authorization has a line break, or is not ASCII",
    ],
    [
      "a token that is not ASCII",
      { token: "tök" },
      "for the header Authorization has a line break, or is not ASCII",
    ],
    ["a token that is a number", { token: 7 }, "its key users[0].user.token is of the wrong kind"],
    ["an empty token file", { tokenFile: "empty" }, "its token file is empty"],
    [
      "an unknown auth provider",
      { "auth-provider": { name: "magic" } },
      "its auth-provider 'magic' is not supported",
    ],
    ["an exec plugin without a command", { exec: {} }, "its key users[0].user.exec.command is missing"],
    [
      "an exec plugin with an empty token",
      { exec: printing({ token: "" }) },
      "its exec plugin gave neither a token",
    ],
    ["an exec plugin without a status", { exec: printing() }, "its exec plugin printed no ExecCredential"],
  ])("%s is not asked with", async (_name, user, reason) => {
    writeFileSync(join(api.folder, "empty"), "\n");
    const kubeConfig = api.kubeConfig(user);
    const told = await failure(getPod, kubeConfig);
    expect(told).toStartWith(`104 the Kubernetes credentials in ${kubeConfig} cannot be used; `);
    expect(told).toContain(reason);
    expect(api.requests).toEqual([]);
  });

  test.each(["localhost:6443", "10.0.0.1", "[fd00::1]:6443", "kube.example:443/"])(
    "K174: %s is asked by https where the kubeconfig says how to check certificates",
    (server) => {
      const [host] = server.split("/");
      for (const how of [{ "certificate-authority": "ca.crt" }, { "insecure-skip-tls-verify": true }]) {
        const kubeConfig = api.kubeConfig({}, { server, ...how });
        expect(loadCredentials({ kubeConfig }).server).toBe(`https://${host}`.replace(/:443$/, ""));
      }
      const kubeConfig = api.kubeConfig({ token: "t" }, { server });
      expect(() => loadCredentials({ kubeConfig })).toThrow();
    },
  );

  test.each<[string, object, string]>([
    ["a '%' too many", { server: "http://u:pa%ss@127.0.0.1" }, "has a '%' that begins no escape"],
    [
      "another scheme",
      { server: "ftp://127.0.0.1" },
      "its server is no URL that begins with https:// or http://",
    ],
    ["no scheme", { server: "localhost:6443" }, "its server is no URL that begins with https:// or http://"],
    [
      "no scheme, and a path",
      { server: "localhost:6443/x", "insecure-skip-tls-verify": true },
      "its server is no URL that begins with https:// or http://",
    ],
    ["a number", { server: 6443 }, "its key clusters[0].cluster.server is of the wrong kind"],
    ["nothing", { server: undefined }, "its key clusters[0].cluster.server is missing"],
    [
      "an authority that is none",
      { server: "https://127.0.0.1:1", "certificate-authority-data": btoa("hello") },
      "its certificate-authority holds no certificate: expected PEM text",
    ],
  ])("a server with %s is named", async (_name, cluster, reason) => {
    const kubeConfig = api.kubeConfig({}, cluster);
    const told = await failure(getPod, kubeConfig);
    expect(told).toStartWith(`104 the Kubernetes credentials in ${kubeConfig} cannot be used; `);
    expect(told).toContain(reason);
    expect(told).not.toContain("pa%ss");
  });

  test("a server of the machine itself is asked directly, whatever proxy the environment names", async () => {
    const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] as const;
    const before = names.map((name) => [name, process.env[name]] as const);
    try {
      for (const name of names) process.env[name] = "http://127.0.0.1:1";
      expect((await withUser({ token: "t1" }))?.uid).toBe("u1");
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  test.each([
    ["is missing", undefined, "ENOENT"],
    ["is empty", "", "it is empty, or no mapping of keys"],
    ["is no YAML", "{", ""],
    [
      "has no such context",
      '{"current-context":"x","clusters":[],"users":[],"contexts":[]}',
      "its current context 'x' names no cluster",
    ],
  ])("a file that %s is named", async (_name, text, reason) => {
    const path = join(api.folder, "broken");
    if (text !== undefined) writeFileSync(path, text);
    const told = await failure(getPod, path);
    expect(told).toStartWith(`104 the Kubernetes credentials in ${path} cannot be used; `);
    expect(told).toContain(reason);
    expect(told).toEndWith(`check the file with 'kubectl --kubeconfig ${path} get pods'`);
  });

  test("a kubeconfig that was repaired is taken up without a restart", async () => {
    const path = join(api.folder, "repaired");
    const cluster = lazyCluster({ kubeConfig: path });
    await expect(getPod(cluster)).rejects.toThrow("cannot be used");
    writeFileSync(path, await Bun.file(api.kubeConfig()).text());
    expect(await getPod(cluster)).toBeUndefined();
  });

  test("outside of a pod there is no service account", async () => {
    await expect(getPod(lazyCluster({}))).rejects.toThrow(
      "no kubeConfig is configured, and this is not a pod with a service account",
    );
  });
});

/** An exec plugin that prints an ExecCredential. */
function printing(status?: object): object {
  return { command: "echo", args: [JSON.stringify({ kind: "ExecCredential", status })] };
}

/** A zombie has no command line any more. */
function runs(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return false;
  }
}
