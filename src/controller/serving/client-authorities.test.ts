import "reflect-metadata";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { Hono } from "hono";
import type { Api } from "../../kubernetes/api/api.ts";
import { mountAdmission } from "../admission/routes.ts";
import { mountOperatorsApi } from "../api/routes.ts";
import { AdmissionClients } from "../context/admission-clients.ts";
import type { ControllerContext } from "../context/context.ts";
import { FrontProxy } from "../context/front-proxy.ts";
import { makeMetrics } from "../context/metrics.ts";
import type { SecureApp } from "../context/secure-app.ts";
import { issueServing, makeAuthority, type Pair } from "./certificates.ts";
import { type HttpsServer, listenHttps } from "./https-server.ts";

/** Two authorities count for one server, each for its own pages. */

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const lifetime = { from: new Date(Date.now() - 864e5), until: new Date(Date.now() + 864e5) };
const own = await makeAuthority(lifetime);
const admission = await makeAuthority(lifetime);
const frontProxy = await makeAuthority(lifetime);
const folder = mkdtempSync(join(tmpdir(), "client-authorities-"));
const opened: HttpsServer[] = [];
afterAll(async () => {
  for (const server of opened) await server.stop();
  rmSync(folder, { recursive: true });
});

async function issueClient({ certificate, key }: Pair): Promise<Pair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const signer = x509.PemConverter.decodeFirst(key);
  const made = await x509.X509CertificateGenerator.create({
    subject: "CN=apiserver",
    issuer: new x509.X509Certificate(certificate).subject,
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey("pkcs8", signer, ALGORITHM, false, ["sign"]),
    signingAlgorithm: ALGORITHM,
    notBefore: lifetime.from,
    notAfter: lifetime.until,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  const secret = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate: made.toString("pem"), key: x509.PemConverter.encode(secret, "PRIVATE KEY") };
}

/** What a client with this certificate is answered by admission and by the operators' API. */
async function answers(file: string | undefined, client: Pair | undefined): Promise<number[]> {
  const published = {
    "requestheader-client-ca-file": frontProxy.certificate,
    "requestheader-username-headers": '["X-Remote-User"]',
  };
  const admissionClients = new AdmissionClients(file);
  const api = { getBuiltIn: async () => ({ data: published }) } as unknown as Api;
  const proxy = new FrontProxy(api, !admissionClients.areKnown);
  await proxy.refresh(0);
  const context = { admissionClients, frontProxy: proxy, metrics: makeMetrics(), log: () => undefined };
  const app: SecureApp = new Hono();
  mountAdmission(app, context as unknown as ControllerContext);
  mountOperatorsApi(app, context as unknown as ControllerContext);
  const serving = await issueServing(own, ["localhost"], lifetime);
  const server = await listenHttps("127.0.0.1:0", { app, mayBring: () => true }, serving);
  opened.push(server);
  server.trustClients([proxy.authorities, admissionClients.authorities].join("\n"));
  const tls = { rejectUnauthorized: false, ...(client && { cert: client.certificate, key: client.key }) };
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { "X-Remote-User": "jane" };
    return (await fetch(`https://127.0.0.1:${server.port}${path}`, { ...init, headers, tls })).status;
  };
  const review = {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "1", kind: { kind: "ConfigMap" }, object: {} },
  };
  return [
    await ask("/admission", { method: "POST", body: JSON.stringify(review) }),
    await ask("/apis/ipam.kube-ipam.io"),
  ];
}

const file = join(folder, "admission.crt");
writeFileSync(file, admission.certificate);

test("K144: without --admission-client-ca whoever connects may ask for admission, and only the front proxy for others", async () => {
  expect(await answers(undefined, undefined)).toEqual([200, 401]);
  expect(await answers(undefined, await issueClient(frontProxy))).toEqual([200, 200]);
});

test("K144: with it, each authority's clients are answered on their own pages alone", async () => {
  expect(await answers(file, undefined)).toEqual([401, 401]);
  expect(await answers(file, await issueClient(admission))).toEqual([200, 401]);
  expect(await answers(file, await issueClient(frontProxy))).toEqual([401, 200]);
  expect(await answers(file, await issueClient(await makeAuthority(lifetime)))).toEqual([401, 401]);
});

test("K144: one authority for both counts for both", async () => {
  const both = join(folder, "both.crt");
  writeFileSync(both, frontProxy.certificate);
  expect(await answers(both, await issueClient(frontProxy))).toEqual([200, 200]);
});

test("K144: a file without certificates, or none, stops the controller with its name", () => {
  writeFileSync(join(folder, "empty.crt"), "");
  for (const name of ["empty.crt", "none.crt"])
    expect(() => new AdmissionClients(join(folder, name))).toThrow(join(folder, name));
});

test("K144: the authorities are read anew, and what cannot be read leaves those that were", async () => {
  const changing = join(folder, "changing.crt");
  writeFileSync(changing, admission.certificate);
  const clients = new AdmissionClients(changing);
  writeFileSync(changing, frontProxy.certificate);
  clients.refresh();
  expect(clients.authorities).toBe(frontProxy.certificate);
  writeFileSync(changing, "");
  expect(() => clients.refresh()).toThrow();
  expect(clients.authorities).toBe(frontProxy.certificate);
});
