/**
 * What shim and agent of protocol version 1, as first landed, said to each other, byte by byte. Both
 * sides of today must go on understanding it: during an update neighbours of two versions meet.
 */

/** A DEL of container c1 on net1 (10.1.2.0/24, embedded store), with 5 s left. */
export const RECORDED_REQUEST: Uint8Array = bytes(
  "0101000000fd010000000f434e495f434f4d4d414e443d44454c0100000012434e495f434f4e5441494e455249443d6331" +
    "010000000f434e495f49464e414d453d657468300100000016434e495f4e45544e533d2f72756e2f6e65746e732f78" +
    "0100000015434e495f504154483d2f6f70742f636e692f62696e0100000009434e495f415247533d" +
    "010000001a4b5542455f4950414d5f444541444c494e455f4d533d35303030" +
    "02000000577b22636e6956657273696f6e223a22312e302e30222c226e616d65223a226e657431222c226970616d223a" +
    "7b2274797065223a226b7562652d6970616d222c227375626e6574223a2231302e312e322e302f3234227d7d",
);

/** "working" twice, then the answer: "hello", exit code 3. */
export const RECORDED_ANSWER: Uint8Array = bytes(
  "010400000000" + "010400000000" + "010200000010030000000568656c6c6f040000000103",
);

export const RECORDED_ACKNOWLEDGEMENT: Uint8Array = bytes("010300000000");

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
