import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import type { EtcdSettings } from "../src/config/network-configuration.ts";
import { TxnRequest } from "../src/store/etcd/gen/rpc.ts";

/**
 * The leanest client we can think of: one request per guarded transaction, encoded by hand around
 * the generated messages, no failover, no deadlines, no errors told apart. What it reaches is what
 * etcd itself gives on this machine when nobody batches.
 */
export class BareEtcd {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static async open({ endpoints, certFile, keyFile, trustedCaFile }: EtcdSettings): Promise<BareEtcd> {
    const file = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
    const options = { cert: file(certFile), key: file(keyFile), ca: file(trustedCaFile) };
    const session = connect(endpoints[0] ?? "", options);
    await new Promise((resolve, reject) => session.once("error", reject).once("remoteSettings", resolve));
    return new BareEtcd(session);
  }

  /** Puts two keys if four are absent: the shape and size of an ADD's transaction. */
  put(keys: readonly string[], guards: readonly string[], value: Uint8Array): Promise<void> {
    return this.#commit(
      keys.map((key) => [key, value]),
      guards,
    );
  }

  /** Puts records of their own, at most 128: fills a store. */
  putAll(pairs: readonly (readonly [string, Uint8Array])[]): Promise<void> {
    return this.#commit(pairs, []);
  }

  close(): void {
    this.#session.destroy();
  }

  #commit(pairs: readonly (readonly [string, Uint8Array])[], guards: readonly string[]): Promise<void> {
    const body = TxnRequest.encode(
      TxnRequest.fromPartial({
        compare: guards.map((key) => ({
          target: 2,
          key: Buffer.from(key),
          targetUnion: { $case: "modRevision", value: 0n },
        })),
        success: pairs.map(([key, value]) => ({
          request: { $case: "requestPut", value: { key: Buffer.from(key), value } },
        })),
      }),
    ).finish();
    const frame = Buffer.alloc(body.length + 5);
    frame.writeUInt32BE(body.length, 1);
    frame.set(body, 5);
    return this.#send(frame);
  }

  #send(frame: Uint8Array): Promise<void> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": "/etcdserverpb.KV/Txn",
      "content-type": "application/grpc",
      te: "trailers",
    });
    return new Promise((resolve, reject) => {
      let status: unknown;
      stream.on("trailers", (trailers) => {
        status = trailers["grpc-status"];
      });
      stream.on("data", () => {});
      stream.on("error", reject);
      stream.on("end", () => (status === "0" ? resolve() : reject(new Error(`gRPC status ${status}`))));
      stream.end(frame);
    });
  }
}
