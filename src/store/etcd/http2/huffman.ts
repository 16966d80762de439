/** A text that is not what the server meant to send: the connection cannot go on. */
export class HeaderFault extends Error {
  override readonly name = "HeaderFault";
}

/**
 * How many bits RFC 7541 (appendix B) gives to each byte, in base 36. The code is a canonical one: among codes of one
 * length those of smaller bytes are smaller, and longer codes follow.
 */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq";

const LONGEST = 30;

interface Code {
  /** By length: the first code, and where its bytes begin in `bytes`. */
  readonly first: readonly number[];
  readonly start: readonly number[];
  readonly count: readonly number[];
  readonly bytes: readonly number[];
}

let made: Code | undefined;

/** Decodes a text that the server has compressed. @throws HeaderFault */
export function fromHuffman(coded: Uint8Array): string {
  made ??= makeCode();
  const { bytes, count, first, start } = made;
  let text = "";
  let code = 0;
  let length = 0;
  let onlyOnes = true;
  for (const byte of coded) {
    for (let shift = 7; shift >= 0; shift -= 1) {
      const bit = (byte >> shift) & 1;
      code = code * 2 + bit;
      length += 1;
      onlyOnes &&= bit === 1;
      if (length > LONGEST) throw new HeaderFault("a text of a header is not coded as HPACK says");
      const place = code - (first[length] ?? 0);
      if (place < 0 || place >= (count[length] ?? 0)) continue;
      text += String.fromCharCode(bytes[(start[length] ?? 0) + place] ?? 0);
      code = 0;
      length = 0;
      onlyOnes = true;
    }
  }
  // The last byte is filled up with ones.
  if (length > 7 || !onlyOnes) throw new HeaderFault("a text of a header breaks off");
  return text;
}

/** In one pass: each run of the plugin needs it once, and interprets it. */
function makeCode(): Code {
  const byLength: number[][] = Array.from({ length: LONGEST + 1 }, () => []);
  for (let byte = 0; byte < LENGTHS.length; byte += 1)
    byLength[Number.parseInt(LENGTHS.charAt(byte), 36)]?.push(byte);
  const first: number[] = [];
  const start: number[] = [];
  const bytes: number[] = [];
  let code = 0;
  for (const some of byLength) {
    code *= 2;
    first.push(code);
    start.push(bytes.length);
    bytes.push(...some);
    code += some.length;
  }
  return { first, start, count: byLength.map(({ length }) => length), bytes };
}
