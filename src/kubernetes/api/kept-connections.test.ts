import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Authority,
  type CertificateFiles,
  type CertificateWish,
  makeAuthority,
} from "../../../test/kit/certificates.ts";
import { AS_GO } from "../../tls/as-go.ts";
import { loadCredentials } from "../credentials/credentials.ts";
import { kubeConfigText } from "../testing/kubeconfig.ts";
import type { ApiPath } from "./path.ts";
import { reach } from "./reach.ts";

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-kept-"));
let root: Authority;
let other: Authority;
let server: Server | undefined;

beforeAll(async () => {
  root = await makeAuthority(folder, "ca");
  other = await makeAuthority(folder, "other");
});
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Begins one with such a certificate; it answers each request with the number of its connection, but for "/silent". */
async function serve(wish: Partial<CertificateWish> = {}): Promise<number> {
  const { certFile, keyFile } = await root.issue({ name: "api", hosts: ["127.0.0.1", "localhost"], ...wish });
  const numbers = new Map<unknown, number>();
  const ca = readFileSync(root.caFile);
  const asking = { requestCert: true, rejectUnauthorized: false, ca };
  const https = createServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile), ...asking },
    ({ socket, url }, response) => {
      const number = numbers.get(socket.remotePort) ?? numbers.size + 1;
      numbers.set(socket.remotePort, number);
      if (url !== "/silent") response.end(String(number));
    },
  );
  https.on("tlsClientError", () => undefined);
  await new Promise<void>((listening) => https.listen(0, "127.0.0.1", listening));
  server = https;
  return (https.address() as AddressInfo).port;
}

interface Client {
  readonly host?: string;
  readonly authority?: string;
  readonly certificate?: CertificateFiles;
  readonly cluster?: Readonly<Record<string, unknown>>;
}

/** Sends a request by a kubeconfig of its own; answers the number of its connection. */
function client(
  port: number,
  { authority = root.caFile, certificate, cluster = {}, host = "127.0.0.1" }: Client = {},
): (path?: string) => Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.kubeconfig`);
  const trust = cluster["insecure-skip-tls-verify"] === true ? {} : { "certificate-authority": authority };
  const user = certificate && {
    "client-certificate": certificate.certFile,
    "client-key": certificate.keyFile,
  };
  const named = { server: `https://${host}:${port}`, ...trust, ...cluster };
  writeFileSync(path, kubeConfigText(named, user ?? { token: "t" }));
  const credentials = loadCredentials({ kubeConfig: path });
  return async (asked = "/") => {
    const signal = AbortSignal.timeout(asked === "/silent" ? 200 : 5_000);
    const response = await reach(credentials, asked as ApiPath, await credentials.apply(signal), { signal });
    return response.text();
  };
}

async function inTurn(...asks: (() => Promise<string>)[]): Promise<string[]> {
  const answers: string[] = [];
  for (const ask of asks)
    answers.push(await ask().catch((error: { code?: string }) => error.code ?? String(error)));
  return answers;
}

test("K362: requests to an address go over one connection, one after the other", async () => {
  const ask = client(await serve());
  expect(await inTurn(ask, ask, ask)).toEqual(["1", "1", "1"]);
});

test("K362: to a name each has its own, because we judge the name", async () => {
  const ask = client(await serve(), { host: "localhost" });
  expect(await inTurn(ask, ask)).toEqual(["1", "2"]);
});

test("K362: after a request without an answer none goes over a connection that was there", async () => {
  const ask = client(await serve());
  expect(await inTurn(ask, ask)).toEqual(["1", "1"]);
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(["1", "2", "3"]);
  await expect(ask("/silent")).rejects.toThrow();
  expect(await inTurn(ask, ask)).toEqual(["4", "4"]);
});

test("K363: nobody uses a connection that others' trust or credentials have made", async () => {
  const port = await serve();
  const certificates = await Promise.all(["one", "two"].map((name) => root.issue({ name, hosts: [] })));
  const [one, two] = certificates.map((certificate) => client(port, { certificate }));
  const [plain, again] = [client(port), client(port)];
  const [stranger, careless] = [
    client(port, { authority: other.caFile }),
    client(port, { cluster: { "insecure-skip-tls-verify": true } }),
  ];
  const misled = client(port, { cluster: { "tls-server-name": "127.0.0.2" } });
  if (one === undefined || two === undefined) throw new Error("expected two clients");
  expect(await inTurn(one, two, one, plain, again, careless)).toEqual(["1", "2", "1", "3", "3", "4"]);
  expect(await inTurn(stranger, misled)).toEqual([
    expect.stringMatching(/CERT|UNABLE/),
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ]);
  expect(await inTurn(one, two, plain, careless)).toEqual(["1", "2", "3", "4"]);
});

test.each([
  ["an address", { hosts: ["127.0.0.1"] }],
  ["another address", { hosts: ["127.0.0.2", "::1"] }],
  ["the address inside of IPv6", { hosts: ["::ffff:127.0.0.1"] }],
  ["no name but the common one", { name: "127.0.0.1", hosts: [] }],
  ["names alone, the common one like the address", { name: "127.0.0.1", hosts: ["api.example.com"] }],
  ["any name", { hosts: ["*", "*.0.0.1", "127.*", "1*"] }],
])(
  "K363: of an address Bun takes what Go takes, and nothing else: a certificate with %s",
  async (_, wish) => {
    const port = await serve(wish);
    const ca = readFileSync(root.caFile, "utf8");
    // `fetch` with our own judgement, as each request had it before.
    const judged = () =>
      fetch(`https://127.0.0.1:${port}/`, { tls: { ...AS_GO, ca } }).then((response) => response.text());
    const [byUs, byBun] = await inTurn(judged, client(port));
    expect(Number.isNaN(Number(byBun)) ? byBun : "taken").toBe(Number.isNaN(Number(byUs)) ? byUs : "taken");
  },
);
