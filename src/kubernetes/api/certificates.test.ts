import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Authority,
  type CertificateFiles,
  type CertificateWish,
  makeAuthority,
} from "../../../test/kit/certificates.ts";
import { failureOf, getPod } from "../testing/asking.ts";
import { kubeConfigText } from "../testing/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-certificates-"));
let root: Authority;
let below: Authority;

beforeAll(async () => {
  root = await makeAuthority(folder, "ca");
  below = await root.intermediate("below");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Meeting {
  readonly server?: Partial<CertificateWish>;
  /** Highest version of TLS. */
  readonly tls?: "TLSv1.1" | "TLSv1.2";
  readonly status?: number;
  readonly authority?: string;
  readonly client?: CertificateFiles;
  readonly serverName?: string;
}

/** What asking an API server with these certificates ends with. */
async function meet({ server, tls, status = 404, authority = root.caFile, client, serverName }: Meeting) {
  const { certFile, keyFile } = await below.issue({ name: "api", hosts: ["127.0.0.1"], ...server });
  const https = createServer(
    {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ...(tls && { minVersion: "TLSv1", maxVersion: tls }),
    },
    (_, response) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ kind: "Status", reason: status === 404 ? "NotFound" : "Unauthorized" }));
    },
  );
  https.on("tlsClientError", () => undefined);
  await new Promise<void>((listening) => https.listen(0, "127.0.0.1", listening));
  const { port } = https.address() as AddressInfo;
  const kubeConfig = join(folder, "kubeconfig");
  const cluster = { server: `https://127.0.0.1:${port}`, "certificate-authority": authority };
  const user = client && { "client-certificate": client.certFile, "client-key": client.keyFile };
  const named = { ...cluster, ...(serverName && { "tls-server-name": serverName }) };
  writeFileSync(kubeConfig, kubeConfigText(named, user ?? { token: "t" }));
  try {
    const end = await failureOf(getPod, kubeConfig);
    return end.replaceAll(cluster.server, "URL").replaceAll(kubeConfig, "KUBECONFIG");
  } finally {
    https.close();
    https.closeAllConnections();
  }
}

const ABSENT = "no error: undefined";
const bundle = (text: string) => {
  const path = join(folder, "bundle.pem");
  writeFileSync(path, text);
  return path;
};
const textOf = (path: string) => readFileSync(path, "utf8");

test("K105: what kubectl accepts is accepted", async () => {
  expect(await meet({})).toBe(ABSENT);
  expect(await meet({ authority: below.caFile })).toBe(ABSENT);
  const expired = textOf(await root.again({ fromDay: -9, untilDay: -3 }));
  const broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  for (const text of [`${expired}\n${textOf(root.caFile)}`, `${broken}# ours\r\n${textOf(root.caFile)}`])
    expect(await meet({ authority: bundle(text) })).toBe(ABSENT);
});

test("K104: a server's key on P-256 or P-521 is accepted, over TLS 1.2 and 1.3", async () => {
  for (const curve of ["P-256", "P-521"] as const) {
    expect(await meet({ server: { curve } })).toBe(ABSENT);
    expect(await meet({ server: { curve }, tls: "TLSv1.2" })).toBe(ABSENT);
  }
});

const REFUSED: Record<string, [() => Promise<Meeting>, string]> = {
  "for other hosts": [
    async () => ({ server: { hosts: ["api", "10.9.9.9"] } }),
    "the server's certificate is not for this host: it is for api, 10.9.9.9",
  ],
  "for another tls-server-name": [
    async () => ({ server: { hosts: ["api"] }, serverName: "other" }),
    "the server's certificate is not for this host: it is for api",
  ],
  "for clients": [
    async () => ({ server: { purposes: ["clientAuth"] } }),
    "the server's certificate is not for servers (its extended key usage lacks serverAuth)",
  ],
  expired: [async () => ({ server: { fromDay: -9, untilDay: -2 } }), "the server's certificate has expired"],
  "expired, beside an expired authority": [
    async () => ({
      server: { fromDay: -9, untilDay: -2 },
      authority: bundle(`${textOf(await root.again({ fromDay: -9, untilDay: -3 }))}\n${textOf(root.caFile)}`),
    }),
    "the server's certificate has expired",
  ],
  "of another authority": [
    async () => ({ authority: (await makeAuthority(folder, "stranger")).caFile }),
    "the server's certificate was not signed by the authority in FILE",
  ],
  "of an expired authority": [
    async () => ({ authority: await root.again({ fromDay: -9, untilDay: -3 }) }),
    "the authority in FILE expired on DAY ('ca')",
  ],
  "of an authority without CA:TRUE": [
    async () => ({ authority: await root.again({ isAuthority: false }) }),
    "the authority in FILE is no authority: its certificate lacks CA:TRUE ('ca')",
  ],
};
for (const [name, [given, reason]] of Object.entries(REFUSED))
  test(`K105: an API server's certificate ${name} is 104 with what is wrong`, async () => {
    const meeting = await given();
    const told = (await meet(meeting))
      .replace(/\d{4}-\d\d-\d\d/, "DAY")
      .replace(meeting.authority ?? "no file", "FILE");
    expect(told).toStartWith(`104 the API server's certificate at URL is not trusted: ${reason}; `);
    expect(told).toEndWith("; check certificate-authority and server in KUBECONFIG");
  });

test("K105: a client certificate that has expired is told with its file where the API server refuses it", async () => {
  const client = await below.issue({ name: "node", fromDay: -9, untilDay: -2 });
  const told = await meet({ client, status: 401 });
  expect(told).toContain(`our certificate client-certificate ${client.certFile} expired on `);
  expect(await meet({ client: await below.issue({ name: "node" }), status: 401 })).toContain(
    "wrong, revoked or expired",
  );
});

test("K105: a server that speaks no TLS in common is 104, not tried again", async () => {
  expect(await meet({ tls: "TLSv1.1" })).toStartWith(
    "104 the API server at URL cannot be reached: the server speaks no TLS in common with this program",
  );
});

test("K171: the common name of an API server's certificate does not count", async () => {
  const common = { name: "api", hosts: [] };
  expect(await meet({ server: common, serverName: "api" })).toContain(
    "is not for this host: it is for nothing but the common name api",
  );
});

test("K107: NODE_TLS_REJECT_UNAUTHORIZED turns nothing off", async () => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  try {
    const { caFile } = await makeAuthority(folder, "stranger");
    expect(await meet({ authority: caFile })).toStartWith("104 ");
    expect(await meet({ server: { hosts: ["api"] } })).toStartWith("104 ");
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  }
});
