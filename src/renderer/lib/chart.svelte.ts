import type { Attachment } from 'svelte/attachments';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** One line of a chart. The colour is a custom property, read each time it is drawn, so that it follows the theme. */
export interface Series {
  readonly label: string;
  readonly colour: `--${string}`;
  readonly dash?: readonly number[];
  readonly values: readonly (number | null)[];
}

export interface ChartData {
  readonly timesMs: readonly number[];
  readonly series: readonly Series[];
  /** What a value on the axis reads as. */
  readonly show: (value: number) => string;
  /** The highest value the axis must reach. */
  readonly atLeast: number;
}

const heightPx = 128;
const windowS = 120;

/** Draws on the element, follows its width, takes new data without being made again. Decoration: the words stand beside it. */
export function chart(data: () => ChartData): Attachment<HTMLElement> {
  return (node) => {
    const first = data();
    const colour = (name: string) => (): string => getComputedStyle(node).getPropertyValue(name).trim();
    const plot = new uPlot(
      {
        width: Math.max(120, node.clientWidth), height: heightPx, padding: [8, 2, 7, 0], legend: { show: false }, cursor: { show: false },
        series: [{}, ...first.series.map(({ label, colour: name, dash }) => ({ label, stroke: colour(name), width: 1.75, points: { show: false }, ...(dash === undefined ? {} : { dash: [...dash] }) }))],
        scales: {
          x: { time: true, range: (_plot, _min, max) => [max - windowS, max] },
          y: { range: (_plot, _min, max) => [0, Math.max(data().atLeast, (max ?? 0) * 1.15)] },
        },
        axes: [
          { show: false },
          {
            size: 62, gap: 6, font: `11px ${getComputedStyle(node).fontFamily}`, stroke: colour('--ink-2'), space: 36, ticks: { show: false },
            grid: { stroke: colour('--line'), width: 1 }, values: (_plot, splits) => splits.map((value) => data().show(value)),
          },
        ],
      },
      toColumns(first),
      node,
    );
    const resize = new ResizeObserver(() => plot.setSize({ width: Math.max(120, node.clientWidth), height: heightPx }));
    resize.observe(node);
    // The plot lives outside Svelte's templates: new data has to be handed to it.
    $effect(() => plot.setData(toColumns(data())));
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  };
}

function toColumns({ timesMs, series }: ChartData): uPlot.AlignedData {
  return [timesMs.map((ms) => ms / 1000), ...series.map((s) => [...s.values])];
}
