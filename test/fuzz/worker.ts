import { parentPort } from 'node:worker_threads';
import { instrumentSources } from './instrument.ts';
import { type Job } from './job.ts';

// Before anything of the product is imported.
instrumentSources();

/** Takes one job at a time from the main thread. */
parentPort?.on('message', (job: Job) => {
  void work(job).then((result) => parentPort?.postMessage(result));
});

async function work(job: Job): Promise<unknown> {
  const { targets } = await import('./targets/targets.ts');
  const { fuzz } = await import('./engine.ts');
  const target = targets.find(({ name }) => name === job.target);
  if (target === undefined) throw new Error(`no such target: ${job.target}`);
  return fuzz(target, job);
}
