import { type GenericSchema, safeParse } from "valibot";
import { IpamError } from "../../ipam/errors.ts";
import type { Authentication } from "../credentials/authentication.ts";
import type { Credentials } from "../credentials/credentials.ts";
import type { Kind, ObjectName } from "./kinds.ts";
import { orAbort } from "./or-abort.ts";
import { type ApiPath, folderOf, isObjectName, pathOf } from "./path.ts";
import { type Request, reach } from "./reach.ts";
import { type Asked, answerRefused, notAnApiServer, overloaded } from "./refused.ts";
import { status } from "./shapes.ts";

/** No request takes longer than this, however much time the verb has left: kubelet comes again. */
const REQUEST_MS = 10_000;

/** What to ask for where the metadata of objects are enough: with the rest, the answer has several times the size. */
export const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";
export const METADATA_LIST =
  "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/** A GET of another form of the objects, or the method and body of a request; absent: a GET. */
export type Sending =
  | { readonly accept: string }
  | { readonly method: "POST" | "PUT" | "PATCH"; readonly contentType: string; readonly body: unknown }
  | { readonly method: "DELETE" };

/** An answer as it came, of any status; `body` is undefined where it is not JSON. */
export interface Answer {
  readonly ok: boolean;
  readonly httpStatus: number;
  readonly body: unknown;
}

/** How a watch ends and begins. */
export interface LineOptions {
  readonly signal: AbortSignal;
  /** Called when the server has accepted the request. */
  readonly opened: () => void;
  /** The form of the objects. */
  readonly accept?: string;
}

/** A client of one API server. Every request is live and ends by its deadline (milliseconds of performance.now()). */
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

  /**
   * Gets an object of a kind that this cluster may not have (custom resources). A name that no object can have is one
   * that is not there.
   *
   * @throws IpamError as `getBuiltIn`
   */
  async get<T>(kind: Kind<T>, name: ObjectName, deadline: number): Promise<T | undefined | "no such kind"> {
    if (!isObjectName(name)) return undefined;
    const path = pathOf(kind, name);
    const answer = await this.request(path, deadline);
    if (answer.ok) return this.parse(kind.shape, answer.body, path);
    // Only the API server's own word proves absence; a proxy's 404 must not free an address.
    if (answer.httpStatus === 404) return reasonOf(answer) === "NotFound" ? undefined : "no such kind";
    throw this.refusal(answer, { verb: "get", kind, name });
  }

  /** Gets an object that the caller can do without: undefined also where the credentials do not allow it. @throws IpamError as `get` */
  async tryGet<T>(kind: Kind<T>, name: ObjectName, deadline: number): Promise<T | undefined> {
    if (!isObjectName(name)) return undefined;
    const path = pathOf(kind, name);
    const answer = await this.request(path, deadline);
    if (answer.ok) return this.parse(kind.shape, answer.body, path);
    if (answer.httpStatus === 403 || answer.httpStatus === 404) return undefined;
    throw this.refusal(answer, { verb: "get", kind, name });
  }

  /**
   * What the credentials name as the authorities of the API server's certificate, as PEM; undefined for the
   * system's own.
   *
   * @throws IpamError kubernetesRefused, tryAgain.
   */
  async authorities(deadline: number): Promise<string | undefined> {
    const { signal, expired } = this.#patience(deadline, "its certificate");
    const applied = orAbort(this.#credentials.apply(signal), signal);
    const { tls } = await applied.catch((failure) => {
      throw signal.aborted ? expired : failure;
    });
    return tls.ca;
  }

  /** Gets a document of the API server itself, such as the list of a group's resources. @throws IpamError tryAgain, kubernetesRefused */
  async discover<T>(
    path: ApiPath,
    shape: GenericSchema<unknown, T>,
    deadline: number,
  ): Promise<T | undefined> {
    const { ok, httpStatus, body } = await this.request(path, deadline);
    if (ok) return this.parse(shape, body, path);
    if (httpStatus === 404 || httpStatus === 403) return undefined;
    if (isSpokenByOther(httpStatus, body)) throw notAnApiServer(this.#credentials, path);
    throw overloaded(this.#credentials, httpStatus, path);
  }

  /**
   * Makes one request, and returns the answer as it came.
   *
   * @throws IpamError tryAgain when none came in time, kubernetesRefused for unusable credentials.
   */
  async request(path: ApiPath, deadline: number, sending?: Sending): Promise<Answer> {
    return this.#send(path, deadline, sending);
  }

  /**
   * Yields the lines of an endless answer (a watch) as JSON, until the server ends it or `signal` aborts.
   *
   * @throws IpamError as the Cluster port says.
   */
  async *lines(
    path: ApiPath,
    asked: Asked,
    { accept, signal, opened }: LineOptions,
  ): AsyncGenerator<unknown> {
    const authentication = await orAbort(this.#credentials.apply(signal), signal);
    const form = accept === undefined ? {} : { headers: { Accept: accept } };
    const response = await reach(this.#credentials, path, authentication, { ...form, signal });
    if (!response.ok || response.body === null) {
      const body = parseBody(await response.text());
      throw this.refusal({ ok: false, httpStatus: response.status, body }, asked);
    }
    opened();
    yield* jsonLines(response.body);
  }

  /** The error that an answer means which is neither the object nor its absence. */
  refusal(answer: Answer, asked: Asked): IpamError {
    const { body, httpStatus } = answer;
    if (isSpokenByOther(httpStatus, body)) {
      const { name, namespace } = asked.name;
      const path =
        name === undefined
          ? folderOf(asked.kind, namespace)
          : pathOf(asked.kind, { name, ...(namespace !== undefined && { namespace }) });
      return notAnApiServer(this.#credentials, path);
    }
    return answerRefused(this.#credentials, { ...asked, httpStatus, message: messageOf(answer) });
  }

  /** Reads a body of this shape. @throws IpamError kubernetesRefused for any other. */
  parse<T>(shape: GenericSchema<unknown, T>, body: unknown, path: string): T {
    const result = safeParse(shape, body);
    if (result.success) return result.output;
    throw notAnApiServer(this.#credentials, path);
  }

  async #send(path: ApiPath, deadline: number, sending?: Sending): Promise<Answer> {
    const { signal, expired } = this.#patience(deadline, path);
    let tls: Authentication["tls"] | undefined;
    try {
      const authentication = await orAbort(this.#credentials.apply(signal), signal);
      tls = authentication.tls;
      const response = await reach(this.#credentials, path, authentication, {
        ...(sending && partsOf(sending)),
        signal,
      });
      return { ok: response.ok, httpStatus: response.status, body: parseBody(await response.text()) };
    } catch (error) {
      if (signal.aborted) throw expired;
      if (error instanceof IpamError) throw error;
      // Only on failure: to look at a server again takes sockets and streams.
      const { unreachable } = await import("./unreached.ts");
      throw await unreachable(this.#credentials, { error, tls });
    }
  }

  /** The signal that ends a request in time, and the error for that case. @throws that error where no time is left. */
  #patience(deadline: number, path: string): { readonly signal: AbortSignal; readonly expired: IpamError } {
    const patience = Math.min(deadline - performance.now(), REQUEST_MS);
    const expired = new IpamError(
      "tryAgain",
      `the API server at ${this.server} gave no answer in time`,
      `asked for ${path}`,
    );
    if (patience <= 0) throw expired;
    return { signal: AbortSignal.timeout(Math.ceil(patience)), expired };
  }
}

function partsOf(sending: Sending): Pick<Request, "method" | "body" | "headers"> {
  if ("accept" in sending) return { headers: { Accept: sending.accept } };
  const { method } = sending;
  if (!("body" in sending)) return { method };
  return { method, body: JSON.stringify(sending.body), headers: { "Content-Type": sending.contentType } };
}

/** Whether no API server answers so: it is another server, or one that expects TLS. */
function isSpokenByOther(httpStatus: number, body: unknown): boolean {
  return httpStatus < 400 || (httpStatus === 400 && !safeParse(status, body).success);
}

/** The API server's own reason for a refusal: "NotFound", "AlreadyExists", "Conflict", …; "" without one. */
export function reasonOf({ body }: Answer): string {
  const answer = safeParse(status, body);
  return answer.success ? answer.output.reason : "";
}

function messageOf({ body }: Answer): string {
  const answer = safeParse(status, body);
  return answer.success ? answer.output.message : "";
}

/** Undefined is nothing that JSON can say. @throws when an object breaks off in the middle. */
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (text.startsWith("{")) throw new Error("the answer broke off");
    return undefined;
  }
}

async function* jsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line);
  }
}
