/** One line of the table. `ratio` is value ÷ floor; `goal` is the aim for that ratio (or for the value, without a floor). */
export interface Figure {
  suite: string;
  name: string;
  value: number;
  unit: string;
  /** What the same machine gave in the same run for the part that can not be avoided. */
  floor?: number;
  goal?: number;
  better: 'higher' | 'lower';
}

/** Prints figures as a table, or with `json` as one object a line. */
export function report(figures: readonly Figure[], json: boolean): void {
  const rows = figures.map((figure) => ({
    ...figure,
    ratio: figure.floor === undefined ? undefined : figure.value / figure.floor,
  }));
  if (json) {
    for (const row of rows) {
      console.log(
        JSON.stringify({
          ...row,
          floor: row.floor ?? null,
          ratio: row.ratio ?? null,
          goal: row.goal ?? null,
        }),
      );
    }
    return;
  }
  const number = (value: number | undefined) =>
    value === undefined ? '' : Number(value.toPrecision(3)).toString();
  const table = rows.map((row) => [
    row.suite,
    row.name,
    `${number(row.value)} ${row.unit}`,
    number(row.floor),
    number(row.ratio),
    row.goal === undefined ? '' : `${row.better === 'higher' ? '≥' : '≤'} ${row.goal}`,
  ]);
  const all = [['suite', 'figure', 'value', 'floor', 'ratio', 'goal'], ...table];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of all) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

/** The value below which `share` (0 to 1) of the samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
