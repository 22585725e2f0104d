// Numbers out of many numbers, and how they are written.

/** The value below which `share` of all values lie. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const median = (values) => quantile(values, 0.5);
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * How much larger `values` are than `base`, round by round: the median of the ratios within one round.
 * What disturbs the machine for longer than a round disturbs both sides of each ratio.
 */
export const ratio = (values, base) => median(values.map((value, round) => value / base[round]));

export const number = (value, digits = 0) =>
  value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const times = (value) => `${number(value, value < 10 ? 2 : 0)} ×`;
export const megabytes = (bytes) => `${number(bytes / 1e6, Math.abs(bytes) < 1e7 ? 2 : 1)} MB`;
export const kilobytes = (bytes) => `${number(bytes / 1e3, 1)} kB`;

/** The lists 0..n-1, each time beginning with another one: no contender always goes first. */
export const rotated = (list, by) => list.map((_, index) => list[(index + by) % list.length]);

/** A Markdown table that can also be read as it is. The first column is text, the others are figures. */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${column ? ':' : '-'}`).join('|')}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}
