import {
  AuthenticateRequest,
  AuthenticateResponse,
  type DeepPartial,
  LeaseGrantRequest,
  LeaseGrantResponse,
  type MessageFns,
  RangeRequest,
  RangeResponse,
  StatusRequest,
  StatusResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from "../gen/rpc.ts";

/** A method of etcd's services: its HTTP/2 path, and the codecs of its messages. */
export interface Method<I, O> {
  readonly path: string;
  readonly request: MessageFns<I>;
  readonly answer: MessageFns<O>;
}

/** A message for a call; an absent field has its default. */
export type Init<T> = DeepPartial<T>;

export const RANGE = method("KV/Range", RangeRequest, RangeResponse);
export const TXN = method("KV/Txn", TxnRequest, TxnResponse);
export const WATCH = method("Watch/Watch", WatchRequest, WatchResponse);
export const LEASE_GRANT = method("Lease/LeaseGrant", LeaseGrantRequest, LeaseGrantResponse);
export const AUTHENTICATE = method("Auth/Authenticate", AuthenticateRequest, AuthenticateResponse);
export const STATUS = method("Maintenance/Status", StatusRequest, StatusResponse);

function method<I, O>(name: string, request: MessageFns<I>, answer: MessageFns<O>): Method<I, O> {
  return { path: `/etcdserverpb.${name}`, request, answer };
}
