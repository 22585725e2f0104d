// The outer shape of a WebAssembly module (Core Specification 2.0, 5.5): sections, each with a number and a size, and
// integers in LEB128.

/** The sections of a module in their order: number and body. */
export function* sections(wasm) {
  for (let at = 8; at < wasm.length; ) {
    const [size, start] = readInteger(wasm, at + 1);
    yield { id: wasm[at], body: wasm.subarray(start, start + size) };
    at = start + size;
  }
}

/** An unsigned LEB128 integer at `at`, and where it ends. */
export function readInteger(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

/** The same, written. */
export function integer(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** A section to be written. */
export function section(id, body) {
  return Buffer.concat([integer(id), integer(body.length), body]);
}
