import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeConfigText } from "./kubeconfig.ts";

/** What the fake API server answers for one path: a body, or a whole answer. */
export type Answer = object | Response | ((request: Request) => object | Response | Promise<Response>);

export interface Asked {
  readonly path: string;
  readonly authorization: string | null;
}

/** A stand-in for an API server on loopback, with a kubeconfig that leads to it. */
export interface FakeApi {
  readonly answers: Map<string, Answer>;
  /** As they came: path and Authorization header. */
  readonly requests: Asked[];
  readonly folder: string;
  readonly server: string;
  /** Writes a kubeconfig into the folder and gives its path; `cluster` adds to what it says of the server. */
  kubeConfig(user?: object, cluster?: object): string;
  close(): void;
}

/** Starts it on a free port; the caller closes it. */
export function startFakeApi(): FakeApi {
  const answers = new Map<string, Answer>();
  const requests: Asked[] = [];
  const folder = mkdtempSync(join(tmpdir(), "kube-ipam-api-"));
  const http = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request): Promise<Response> => {
      const path = new URL(request.url).pathname;
      requests.push({ path, authorization: request.headers.get("Authorization") });
      const answer = answers.get(path) ?? apiStatus(404, "NotFound", "no such object");
      const made = typeof answer === "function" ? await answer(request) : answer;
      return made instanceof Response ? (made.clone() as Response) : Response.json(made);
    },
  });
  const server = `http://127.0.0.1:${http.port}`;
  let count = 0;
  return {
    answers,
    requests,
    folder,
    server,
    kubeConfig: (user = { token: "secret-token" }, cluster = {}) => {
      const path = join(folder, `kubeconfig-${count++}`);
      writeFileSync(path, kubeConfigText({ server, ...cluster }, user));
      return path;
    },
    close: () => {
      http.stop(true);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The API server's way to say that something is wrong. */
export function apiStatus(code: number, reason: string, message: string): Response {
  return Response.json(
    { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code },
    { status: code },
  );
}

/** An object with metadata, of the namespace "default". */
export function object(name: string, uid: string, rest: Record<string, unknown> = {}): object {
  const { ownerReferences, annotations, ...others } = rest;
  return { metadata: { name, namespace: "default", uid, ownerReferences, annotations }, spec: {}, ...others };
}

/** A controlling reference. */
export function controller(apiVersion: string, kind: string, name: string, uid: string): object {
  return { apiVersion, kind, name, uid, controller: true };
}
