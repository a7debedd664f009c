import type { Attachment } from 'svelte/attachments';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clockTime } from './format.ts';

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
  /** How much time the width is. Two minutes unless told; more has an axis of times. Fixed while the chart lives. */
  readonly spanMs?: number;
  /** Where the time ends. At the newest value unless told. */
  readonly toMs?: number;
}

const heightPx = 128;
const liveMs = 120_000;

/** Draws on the element, follows its width, takes new data without being made again. Decoration: the words stand beside it. */
export function chart(data: () => ChartData): Attachment<HTMLElement> {
  return (node) => {
    const first = data();
    const spanMs = first.spanMs ?? liveMs;
    const font = `11px ${getComputedStyle(node).fontFamily}`;
    const colour = (name: string) => (): string => getComputedStyle(node).getPropertyValue(name).trim();
    const plot = new uPlot(
      {
        width: Math.max(120, node.clientWidth), height: heightPx, padding: [8, 2, spanMs <= liveMs ? 7 : 0, 0], legend: { show: false }, cursor: { show: false },
        series: [{}, ...first.series.map(({ label, colour: name, dash }) => ({ label, stroke: colour(name), width: 1.75, points: { show: true, size: 4, fill: colour(name), filter: lonely }, ...(dash === undefined ? {} : { dash: [...dash] }) }))],
        scales: {
          x: { time: true, range: (_plot, _min, max) => endOf(data().toMs, max, spanMs) },
          y: { range: (_plot, _min, max) => [0, Math.max(data().atLeast, (max ?? 0) * 1.15)] },
        },
        axes: [
          spanMs <= liveMs ? { show: false } : {
            size: 22, gap: 4, font, stroke: colour('--ink-2'), space: 48, ticks: { show: false }, grid: { show: false }, incrs: steps,
            values: (_plot, splits) => splits.map((seconds) => clockTime(seconds * 1000)),
          },
          {
            size: 62, gap: 6, font, stroke: colour('--ink-2'), space: 36, ticks: { show: false },
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

/** Round distances of times: five minutes to twelve hours. */
const steps = [300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200];

function endOf(toMs: number | undefined, newestS: number, spanMs: number): [number, number] {
  const end = toMs === undefined ? newestS : toMs / 1000;
  return [end - spanMs / 1000, end];
}

/** A line needs two values; one between two gaps is shown as a point. */
function lonely(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  return [...values.keys()].filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null);
}

function toColumns({ timesMs, series }: ChartData): uPlot.AlignedData {
  return [timesMs.map((ms) => ms / 1000), ...series.map((s) => [...s.values])];
}
