// gzip finds what is said again only within the last 32 kB. Compilers leave functions in the order in which they came to
// them; here each follows those that it has most in common with, which takes 1.2 kB off every download.
// The order is told by names, and binaryen sorts by them: only it rewrites code.
import { integer, readInteger, section, sections } from './wasm-sections.mjs';

const CUSTOM_SECTION = 0;
const IMPORT_SECTION = 2;
const CODE_SECTION = 10;
const FUNCTION_NAMES = 1;
/** What is in common is counted in pieces of this many bytes. */
const PIECE = 6;
/** How far back gzip looks, less a little. */
const WINDOW = 32_000;

/** The module with names, by which functions that have much in common stand together. */
export function namedByLikeness(wasm) {
  const { imports, functions } = functionsOf(wasm);
  const ranks = [];
  for (const [rank, at] of byLikeness(functions).entries()) ranks[at] = rank;
  const entries = ranks.map((rank, at) => {
    const name = Buffer.from(`${rank}`.padStart(6, '0'));
    return Buffer.concat([integer(imports + at), integer(name.length), name]);
  });
  const names = Buffer.concat([integer(entries.length), ...entries]);
  const title = Buffer.from('name');
  const body = Buffer.concat([integer(title.length), title, section(FUNCTION_NAMES, names)]);
  return Buffer.concat([wasm, section(CUSTOM_SECTION, body)]);
}

function functionsOf(wasm) {
  let imports = 0;
  const functions = [];
  for (const { id, body } of sections(wasm)) {
    if (id === IMPORT_SECTION) [imports] = readInteger(body, 0);
    if (id !== CODE_SECTION) continue;
    let [count, at] = readInteger(body, 0);
    for (; count > 0; count -= 1) {
      const [size, start] = readInteger(body, at);
      at = start + size;
      functions.push(body.subarray(start, at));
    }
  }
  return { imports, functions };
}

/**
 * The numbers of `functions`: the smallest first, then always the one of which most has been seen in the window. What few
 * have counts for more. The two exponents were tried out.
 */
function byLikeness(functions) {
  const numbers = new Map();
  const pieces = functions.map((code) => {
    const found = new Set();
    for (let at = 0; at + PIECE <= code.length; at += 1) {
      const piece = code.latin1Slice(at, at + PIECE);
      if (!numbers.has(piece)) numbers.set(piece, numbers.size);
      found.add(numbers.get(piece));
    }
    return Int32Array.from(found);
  });
  const seen = new Int32Array(numbers.size);
  const total = new Int32Array(numbers.size);
  for (const each of pieces) for (const piece of each) total[piece] += 1;
  const count = (at, by) => {
    for (const piece of pieces[at]) seen[piece] += by;
  };
  const likeness = (at) => {
    let known = 1;
    for (const piece of pieces[at]) if (seen[piece] > 0) known += 1 / Math.sqrt(total[piece]);
    return known / functions[at].length ** 0.95;
  };
  const left = new Set(functions.keys());
  const smallest = () => [...left].reduce((a, b) => (functions[b].length < functions[a].length ? b : a));
  const likest = () => {
    let [best, most] = [-1, -1];
    for (const at of left) {
      const value = likeness(at);
      if (value > most) [best, most] = [at, value];
    }
    return best;
  };
  const order = [];
  let [first, inWindow] = [0, 0];
  while (left.size > 0) {
    const at = order.length === 0 ? smallest() : likest();
    left.delete(at);
    order.push(at);
    count(at, 1);
    inWindow += functions[at].length;
    for (; inWindow > WINDOW; first += 1) {
      count(order[first], -1);
      inWindow -= functions[order[first]].length;
    }
  }
  return order;
}
