import { type Interval, isWithin } from "../../address/interval.ts";
import { type Named, wishesNamed } from "../audit/wishes.ts";
import type { PodFacts } from "../cluster-port.ts";
import { uidOfRuntime } from "../evidence/fencing.ts";
import { shownAddresses } from "../evidence/network-status.ts";
import type { PodId } from "../records.ts";
import { type AddressKey, addressKey, addressOf } from "./address-key.ts";
import { podHash } from "./allocation-index.ts";
import { nameHash, partHash } from "./hash.ts";
import { type PodRow, PodTable } from "./pod-table.ts";

/** All pods of the cluster: a hundred bytes or two for each. */
export class PodIndex {
  #table = new PodTable();
  /** While they are listed anew: what has been listed so far. */
  #listed: PodTable | undefined;
  #complete = false;
  #changes = 0;

  /** False until all pods were listed once. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Grows with each change. */
  get changes(): number {
    return this.#changes;
  }

  get(key: number): PodRow | undefined {
    return this.#table.get(key);
  }

  /** Whether this very pod is there, has not finished, and is on this node, or on none yet. */
  runs(key: number, uid: number, node: string): boolean {
    return this.#table.runs(key, uid, node);
  }

  idOf(key: number): PodId | undefined {
    return this.#table.idOf(key);
  }

  /** All pods; each row is good until the next one. */
  each(visit: (key: number, row: PodRow) => void): void {
    this.#table.each(visit);
  }

  /** All pods are about to be put; those that are not put are gone. */
  begin(): void {
    this.#listed = new PodTable();
  }

  end(): void {
    this.#table = this.#listed ?? this.#table;
    this.#listed = undefined;
    this.#complete = true;
    this.#changes++;
  }

  put(pod: PodFacts): void {
    this.#changes++;
    (this.#listed ?? this.#table).set(podHash(pod), rowOf(pod), pod);
  }

  remove(pod: Pick<PodFacts, "namespace" | "name">): void {
    this.#changes++;
    (this.#listed ?? this.#table).delete(podHash(pod));
  }
}

/** Whether one of the addresses is among the named ones. */
export function isNamed(keys: readonly AddressKey[], intervals: readonly Interval[]): boolean {
  return keys.some((key) => isWithin(addressOf(key), intervals));
}

function rowOf(pod: PodFacts): PodRow {
  const { deleting, finished, nodeName = "", podIPs } = pod;
  const shown = shownAddresses(pod).map(({ address }) => addressKey(address));
  const wishes = finished || deleting || podIPs.length === 0 ? [] : wishesNamed(pod);
  const uid = nameHash(uidOfRuntime(pod));
  const told = [uid, nodeName, finished, deleting, podIPs.length, ...shown];
  return {
    uid,
    node: nodeName,
    finished,
    deleting,
    shown,
    named: wishes.map(({ intervals }) => intervals),
    state: partHash(...told.map(String), ...wishes.flatMap(wordsOf)),
  };
}

function wordsOf({ intervals, key }: Named): string[] {
  return [key, ...intervals.map(({ first, last }) => `${first.value}-${last.value}`)];
}
