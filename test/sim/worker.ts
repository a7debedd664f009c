import { parentPort } from 'node:worker_threads';
import { type Done, type Job } from './job.ts';

const nothing = { cluster: null, enrol: null, paths: null, networks: null } as const;

/** Takes one job at a time from the main thread. */
parentPort?.on('message', (job: Job) => {
  void run(job).then((done) => parentPort?.postMessage(done));
});

async function run(job: Job): Promise<Done> {
  const started = process.threadCpuUsage();
  const { first, count, wrong } = job;
  const common = { first, count, stopAtFirst: wrong !== null };
  const cpuSeconds = (): number => {
    const { user, system } = process.threadCpuUsage(started);
    return (user + system) / 1_000_000;
  };
  if (job.simulation === 'cluster') {
    const { runClusterSeeds } = await import('./cluster/run.ts');
    const cluster = runClusterSeeds(wrong === null ? common : { ...common, mutant: wrong });
    return { job, seeds: cluster.seeds, cpuSeconds: cpuSeconds(), violations: cluster.violations, ...nothing, cluster };
  }
  if (job.simulation === 'enrol') {
    const { runEnrolSeeds } = await import('./enrol/run.ts');
    const enrol = await runEnrolSeeds(wrong === null ? common : { ...common, mutant: wrong });
    return { job, seeds: enrol.seeds, cpuSeconds: cpuSeconds(), violations: enrol.violations, ...nothing, enrol };
  }
  if (job.simulation === 'paths') {
    const { guards, runPathSeeds } = await import('./paths/run.ts');
    const guard = guards.find((one) => one === wrong);
    const paths = await runPathSeeds(guard === undefined ? common : { ...common, guard });
    return { job, seeds: paths.seeds, cpuSeconds: cpuSeconds(), violations: paths.violations, ...nothing, paths };
  }
  if (job.simulation === 'networks') {
    const { mutants, runNetworksSeeds } = await import('./networks/run.ts');
    const mutant = mutants.find((one) => one === wrong);
    const networks = await runNetworksSeeds(mutant === undefined ? common : { ...common, mutant });
    return { job, seeds: networks.seeds, cpuSeconds: cpuSeconds(), violations: networks.violations, ...nothing, networks };
  }
  const { guards, runSessionSeeds } = await import('./session/run.ts');
  const guard = guards.find((one) => one === wrong);
  const session = await runSessionSeeds(guard === undefined ? common : { ...common, guard });
  return { job, seeds: session.seeds, cpuSeconds: cpuSeconds(), violations: session.violations, ...nothing };
}
