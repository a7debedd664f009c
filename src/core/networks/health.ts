import { failure } from '../../base/failure.ts';
import type { HealthTopic, ProfilesTopic, Warning, WarningCode } from '../../contract/state.ts';
import { byWeight } from '../health/centre.ts';
import type { Health } from '../health/health.ts';
import type { MachineFacts, Network } from './network.ts';
import type { Networks } from './networks.ts';

/** Problems of this machine: said once, whichever network they were seen through. All others belong to one network. */
const ofMachine: ReadonlySet<WarningCode> = new Set(['helper-missing', 'helper-old', 'engine-missing', 'offline', 'sign-in-needed', 'udp-blocked', 'file-set-aside', 'disk-full', 'secrets-in-file']);

type Known = ReturnType<Health['explain']>[number];

export interface NetworksHealth {
  /** The topic now. */
  look(profiles: ProfilesTopic, machine: MachineFacts): HealthTopic;
  /** Puts a hint away until the app ends. Throws input.invalid when there is no such hint. */
  dismiss(id: string): void;
  /** Everything that is known, for a report. */
  explain(): readonly (Omit<Known, 'state'> & { readonly state: Known['state'] | 'dismissed' })[];
}

/** The problems of every network that is wanted, and of the one that is shown, as one list. */
export function networksHealth(networks: Pick<Networks, 'shown' | 'list'>): NetworksHealth {
  /** Ids; a network that was put away and comes back has forgotten them. */
  const dismissed = new Set<string>();
  let newest: readonly Warning[] = [];

  const concerned = (): readonly Network[] => {
    const shown = networks.shown.get();
    return [shown, ...networks.list().filter((network) => network !== shown && network.session.view.get().state.want === 'connected')];
  };
  return {
    look: (profiles, machine) => {
      const all = concerned();
      const found = all.flatMap((network) => {
        const view = profiles.list.find(({ id }) => id === network.id);
        const about = view && { id: view.id, name: view.name, alone: all.length === 1 };
        return network.problems(machine, view).map((warning) => (about && !isOfMachine(warning) ? { ...warning, id: idOf(about.id, warning), network: about } : warning));
      });
      newest = onceById(found).filter(({ id, severity }) => severity !== 'info' || !dismissed.has(id)).sort(byWeight);
      return { warnings: newest };
    },
    dismiss: (id) => {
      if (!newest.some((warning) => warning.id === id && warning.severity === 'info')) throw failure('input.invalid', { field: 'id', problem: 'only a hint that is shown now can be put away', given: id });
      dismissed.add(id);
    },
    explain: () => {
      const all = concerned().flatMap((network) => network.explain().map((one) => ({ ...one, id: idOf(network.id, one) })));
      return onceById(all).map((one) => (dismissed.has(one.id) ? { ...one, state: 'dismissed' as const } : one));
    },
  };
}

/** `file-set-aside:profiles.json` is a problem of the machine: the code stands before the key. */
function isOfMachine({ id }: { readonly id: string }): boolean {
  return (ofMachine as ReadonlySet<string>).has(id.split(':')[0] ?? '');
}

function idOf(network: string | null, problem: { readonly id: string }): string {
  return network === null || isOfMachine(problem) ? problem.id : `${problem.id}@${network}`;
}

function onceById<T extends { readonly id: string }>(list: readonly T[]): T[] {
  return [...new Map(list.toReversed().map((one) => [one.id, one])).values()].toReversed();
}
