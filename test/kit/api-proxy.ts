import { readFileSync, writeFileSync } from "node:fs";
import { apiStatus } from "../../src/kubernetes/testing/fake-api.ts";
import { kubeConfigText } from "../../src/kubernetes/testing/kubeconfig.ts";
import type { Kubernetes } from "./kubernetes.ts";

/** A request on its way to the API server. */
export interface Passing {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Milliseconds of one clock. */
  readonly began: number;
  /** Undefined: not answered yet. */
  ended?: number;
}

/** What becomes of a request. */
export type Fate =
  | "pass"
  /** The API server performs it, and a gateway says that it does not know. */
  | "lose-answer"
  /** Answered by this, and never seen by the API server. */
  | Response
  /** It waits. */
  | Promise<Fate>;

/** A gateway before an API server, which speaks HTTP and may do with each request what it likes. */
export interface ApiProxy extends Disposable {
  /** A kubeconfig that leads through it, as the administrator. */
  readonly kubeConfig: string;
  /** All that came since it was emptied. */
  readonly requests: Passing[];
  fate: (request: Passing) => Fate;
  /** Makes another one of an answer of the API server. */
  answer: (response: Response, request: Passing) => Response | Promise<Response>;
  /** What a client has sent goes on its way, also when nobody waits for the answer any more. */
  keepsOrphans: boolean;
}

/** Starts one on a free port of loopback. */
export function startApiProxy(kubernetes: Pick<Kubernetes, "adminConfig" | "folder">): ApiProxy {
  const { clusters, users } = JSON.parse(readFileSync(kubernetes.adminConfig, "utf8"));
  const { server, "certificate-authority": authority } = clusters[0].cluster;
  const ca = readFileSync(authority, "utf8");
  const forward = async (
    request: Request,
    path: string,
    sent: ArrayBuffer | undefined,
  ): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.delete("host");
    headers.delete("accept-encoding");
    const body = sent ?? (await bodyOf(request));
    const { signal, method } = request;
    const until = proxy.keepsOrphans ? {} : { signal };
    return fetch(server + path, { method, headers, ...until, tls: { ca }, ...(body && { body }) });
  };
  const requests: Passing[] = [];
  const proxy: Pick<ApiProxy, "answer" | "fate" | "keepsOrphans"> = {
    fate: () => "pass",
    answer: (response) => response,
    keepsOrphans: false,
  };
  const http = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 255,
    fetch: async (request): Promise<Response> => {
      const { pathname, search } = new URL(request.url);
      const passing: Passing = { method: request.method, path: pathname + search, began: performance.now() };
      requests.push(passing);
      const sent = proxy.keepsOrphans ? await bodyOf(request) : undefined;
      const fate = await proxy.fate(passing);
      if (fate instanceof Response) return fate.clone() as Response;
      const answer = await forward(request, pathname + search, sent).catch(() => gatewayTimeout());
      passing.ended = performance.now();
      if (fate === "pass") return proxy.answer(answer, passing);
      await answer.arrayBuffer();
      return gatewayTimeout();
    },
  });
  const kubeConfig = kubernetes.folder.file(`proxy-${http.port}.kubeconfig`);
  writeFileSync(kubeConfig, kubeConfigText({ server: `http://127.0.0.1:${http.port}` }, users[0].user));
  return Object.assign(proxy, { kubeConfig, requests, [Symbol.dispose]: () => void http.stop(true) });
}

async function bodyOf(request: Request): Promise<ArrayBuffer | undefined> {
  return request.body === null ? undefined : request.arrayBuffer();
}

/** Whether it changes something. */
export function isWrite({ method }: Passing): boolean {
  return method !== "GET";
}

/** As a load balancer in front of an API server says it. */
export function gatewayTimeout(): Response {
  return new Response("<html><body>504 Gateway Time-out</body></html>", {
    status: 504,
    headers: { "Content-Type": "text/html" },
  });
}

/** As an API server answers before it has done anything. */
export function tooManyRequests(): Response {
  const answer = apiStatus(429, "TooManyRequests", "too many requests, please try again later");
  answer.headers.set("Retry-After", "1");
  return answer;
}

export function internalError(): Response {
  return apiStatus(500, "InternalError", "an error on the server has prevented the request from succeeding");
}
