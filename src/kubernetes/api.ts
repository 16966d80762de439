import { type GenericSchema, safeParse } from "valibot";
import { IpamError } from "../ipam/errors.ts";
import type { Credentials } from "./credentials.ts";
import type { Kind } from "./kinds.ts";
import { answerRefused, notAnApiServer, overloaded, unreachable } from "./refused.ts";
import { status } from "./shapes.ts";

/** No request takes longer than this, however much time the verb has left: kubelet comes again. */
const REQUEST_MS = 10_000;

/** Names one object; without a namespace, one that belongs to the whole cluster. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

/** Gets single objects from one API server. Every request is live and bounded by the deadline. */
export class Api {
  readonly #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  get server(): string {
    return this.#credentials.server;
  }

  /**
   * Gets an object of a kind that every Kubernetes has; undefined when there is none of that name.
   *
   * @throws IpamError kubernetesRefused or tryAgain, as the Cluster port says.
   */
  async getBuiltIn<T>(kind: Kind<T>, name: ObjectName, deadline: number): Promise<T | undefined> {
    const object = await this.get(kind, name, deadline);
    if (object !== "no such kind") return object;
    throw notAnApiServer(this.#credentials, pathOf(kind, name));
  }

  /** Gets an object of a kind that this cluster may not have (custom resources). */
  async get<T>(kind: Kind<T>, name: ObjectName, deadline: number): Promise<T | undefined | "no such kind"> {
    const path = pathOf(kind, name);
    const response = await this.#request(path, deadline);
    const body = await bodyOf(response);
    if (response.ok) return this.#parse(kind.shape, body, path);
    const answer = safeParse(status, body);
    if (response.status === 404) {
      // Only the API server's own word proves absence; a proxy's 404 must not free an address.
      return answer.success && answer.output.reason === "NotFound" ? undefined : "no such kind";
    }
    const message = answer.success ? answer.output.message : "";
    throw answerRefused(this.#credentials, { httpStatus: response.status, message, kind, name });
  }

  /** Gets a document of the API server itself, such as the list of a group's resources. */
  async discover<T>(
    path: string,
    shape: GenericSchema<unknown, T>,
    deadline: number,
  ): Promise<T | undefined> {
    const response = await this.#request(path, deadline);
    const body = await bodyOf(response);
    if (response.ok) return this.#parse(shape, body, path);
    if (response.status === 404 || response.status === 403) return undefined;
    throw overloaded(this.#credentials, response.status, path);
  }

  async #request(path: string, deadline: number): Promise<Response> {
    const patience = Math.min(deadline - performance.now(), REQUEST_MS);
    const expired = new IpamError(
      "tryAgain",
      `the API server at ${this.server} gave no answer in time`,
      `asked for ${path}`,
    );
    if (patience <= 0) throw expired;
    const signal = AbortSignal.timeout(Math.ceil(patience));
    const { proxy } = this.#credentials;
    try {
      const { headers, tls } = await orAbort(this.#credentials.apply(), signal);
      const options = {
        headers,
        tls,
        signal,
        redirect: "error",
        ...(proxy !== undefined && { proxy }),
      } as const;
      return await fetch(this.server + path, options);
    } catch (error) {
      if (signal.aborted) throw expired;
      throw error instanceof IpamError ? error : unreachable(this.#credentials, error);
    }
  }

  #parse<T>(shape: GenericSchema<unknown, T>, body: unknown, path: string): T {
    const result = safeParse(shape, body);
    if (result.success) return result.output;
    throw notAnApiServer(this.#credentials, path);
  }
}

function pathOf({ group, version, plural }: Kind<unknown>, { namespace, name }: ObjectName): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${plural}/${encodeURIComponent(name)}`;
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

/** An exec plugin knows nothing of the deadline. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
