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

function makeCode(): Code {
  const first = [0];
  const start = [0];
  const count = [0];
  const bytes: number[] = [];
  const lengths = [...LENGTHS].map((digit) => Number.parseInt(digit, 36));
  for (let length = 1, code = 0; length <= LONGEST; length += 1) {
    code *= 2;
    first.push(code);
    start.push(bytes.length);
    lengths.forEach((each, byte) => {
      if (each === length) bytes.push(byte);
    });
    count.push(bytes.length - (start[length] ?? 0));
    code += count[length] ?? 0;
  }
  return { first, start, count, bytes };
}
