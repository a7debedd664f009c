import { unreachable } from '../base/assert.ts';
import { wayOf } from '../contract/fixes.ts';
import { worstOf } from '../contract/health.ts';
import { plainText } from '../contract/plain-text.ts';
import { problemTitleIn, sentenceIn } from '../contract/say.ts';
import { type PeersTopic, type PeerView, type ProfilesTopic, type ProfileView, type SessionTopic, type Warning, type WarningCode } from '../contract/state.ts';
import { type TrayIcon, type TrayItem } from './tray-items.ts';
import { iconOfMood, moodOf, moodOfAll, nameOf, networkItems, standingWord } from './tray-networks.ts';
import { english, type TrayWords } from './words/words.ts';

/** What the tray shows: decided here, drawn by tray.ts. Each state has its own shape, so no one needs to see colours. */
export interface TrayView {
  readonly icon: TrayIcon;
  readonly tooltip: string;
  readonly items: readonly TrayItem[];
}

export interface TrayState {
  readonly session: SessionTopic;
  readonly profiles: ProfilesTopic;
  readonly peers: PeersTopic;
  readonly warnings: readonly Warning[];
  /** Whether the tunnel outlives this app: by the person's setting, or because another process owns the core. */
  readonly staysConnected: boolean;
  readonly versions: Versions;
}

export interface Versions {
  readonly app: string;
  /** Null while it is out of reach. */
  readonly helper: string | null;
}

/** A menu is no list view: past this many, the window is the place to look. */
export const peersMax = 20;
const nameMax = 48;

export function trayView(state: TrayState, words: TrayWords = english): TrayView {
  const status = statusOf(state, words);
  const problem = worstOf(untold(state.warnings));
  return {
    icon: iconOf(state, problem !== undefined),
    tooltip: problem === undefined ? words.tooltip(status) : words.tooltipProblem(status, problemTitleIn(words.shared, problem)),
    items: [
      { kind: 'text', id: 'status', label: status },
      ...sessionItems(state, words),
      ...problemItems(problem, state.warnings, words),
      { kind: 'line' },
      ...deviceItems(state, words),
      ...peerItems(state.peers, words),
      { kind: 'line' },
      { kind: 'action', id: 'open', label: words.menu.open, action: { do: 'open' } },
      { kind: 'action', id: 'settings', label: words.menu.settings, action: { do: 'open', at: 'settings' } },
      helpMenu(state.versions, words),
      { kind: 'line' },
      ...quitItems(state, words),
    ],
  };
}

/** Without a helper or a network nothing else can be: both come before what the networks say of themselves. */
function iconOf({ profiles, peers, warnings }: TrayState, attention: boolean): TrayIcon {
  const mood = moodOfAll(profiles.list.map(({ session }) => moodOf(session)));
  const helperMissing = warnings.some(({ code }) => code === 'helper-missing');
  const waiting = profiles.list.every(({ session: { phase } }) => phase === 'disconnected' || phase === 'reconnecting' || phase === 'blocked');
  if (helperMissing && waiting) return 'no-helper';
  if (profiles.list.length === 0) return 'no-network';
  if (mood === 'on') return attention || onlyRelayed(peers) ? 'degraded' : 'connected';
  const icon = iconOfMood[mood];
  return attention && (icon === 'disconnected' || icon === 'connecting') ? `${icon}-attention` : icon;
}

/** Somebody is reached, and nobody without a detour. */
function onlyRelayed({ list }: PeersTopic): boolean {
  const ways = list.filter(({ self }) => !self).map(reachOf);
  return ways.includes(reached.relayed) && !ways.includes(reached.direct);
}

/** Several networks that are on, or should be: each with a word. One: a sentence. */
function statusOf(state: TrayState, words: TrayWords): string {
  const used = state.profiles.list.filter(({ session }) => moodOf(session) !== 'off');
  const [only] = used;
  if (used.length > 1) return used.map((profile) => words.network.line(nameOf(profile, words), standingWord(profile.session, words))).join(', ');
  return only && only.id !== state.session.profile ? statusOfOther(only, words) : statusOfShown(state, words);
}

function statusOfOther(profile: ProfileView, words: TrayWords): string {
  const line = words.network.line(nameOf(profile, words), standingWord(profile.session, words));
  return profile.session.why === null ? line : `${line}. ${sentenceIn(words.shared, profile.session.why).what}`;
}

function statusOfShown({ session, profiles, peers }: TrayState, words: TrayWords): string {
  const { status, shared } = words;
  const profile = profiles.list.find(({ id }) => id === session.profile);
  const name = profile === undefined ? undefined : nameOf(profile, words);
  switch (session.phase) {
    case 'disconnected':
      return profiles.list.length === 0 ? status.noNetwork : status.disconnected;
    case 'authorising':
    case 'joining':
    case 'configuring':
      return name === undefined ? status.connecting : status.connectingTo(name);
    case 'connected': {
      const connected = name === undefined ? status.connected : status.connectedTo(name);
      if (session.degraded?.kind === 'control-plane-lost') return status.frozen(connected);
      return onlyRelayed(peers) ? status.onlyRelayed(connected) : connected;
    }
    case 'reconnecting': {
      const { what } = sentenceIn(shared, session.cause);
      return name === undefined ? status.reconnecting(what) : status.reconnectingTo(name, what);
    }
    case 'disconnecting':
      return status.disconnecting;
    case 'blocked':
      return status.blocked(sentenceIn(shared, session.failure).what);
    default:
      return unreachable(session);
  }
}

/** Disconnect also ends an attempt to connect, so what is shown follows the wish and not the phase. Of several networks each has a line. */
export function sessionItems({ session: { want, phase }, profiles: { list, selected } }: TrayState, words: TrayWords): readonly TrayItem[] {
  const { menu } = words;
  if (list.length === 0) return [{ kind: 'action', id: 'add', label: menu.add, action: { do: 'open', at: 'add' } }];
  if (list.length > 1) return networkItems(list, selected, words);
  if (want === 'connected' && phase !== 'blocked') return [{ kind: 'action', id: 'disconnect', label: phase === 'connected' ? menu.disconnect : menu.stopConnecting, action: { do: 'disconnect' } }];
  return [{ kind: 'action', id: 'connect', label: phase === 'blocked' ? menu.again : menu.connect, action: { do: 'connect' } }];
}

/** The line of the session says these already. */
const saidByStatus: ReadonlySet<WarningCode> = new Set(['cannot-connect', 'connection-lost', 'control-plane-lost']);

/** What is worth a mark on the icon and a line of its own: hints are for the window. */
function untold(warnings: readonly Warning[]): readonly Warning[] {
  return warnings.filter(({ code, severity }) => severity !== 'info' && !saidByStatus.has(code));
}

function problemItems(problem: Warning | undefined, warnings: readonly Warning[], { shared }: TrayWords): readonly TrayItem[] {
  if (problem === undefined) return [];
  const way = wayOf(problem);
  return [
    { kind: 'text', id: 'problem', label: `⚠ ${problemTitleIn(shared, problem)}` },
    ...(way === null || problem.fix === null ? [] : [{ kind: 'action', id: 'fix', label: shared.health.fixes[problem.fix], action: { do: 'fix', way } } as const]),
    { kind: 'action', id: 'problems', label: shared.health.allProblems(warnings.length), action: { do: 'problems' } },
  ];
}

function deviceItems({ session, peers }: TrayState, { menu }: TrayWords): readonly TrayItem[] {
  if (session.phase !== 'connected') return [];
  const address = session.lease.ipv4 ?? session.lease.ipv6;
  if (address === null) return [];
  const name = shortName(peers.list.find(({ self }) => self)?.id ?? menu.thisDevice);
  return [{ kind: 'action', id: 'device', label: `${name}: ${address}`, action: { do: 'copy', text: address } }];
}

function peerItems({ list }: PeersTopic, { menu }: TrayWords): readonly TrayItem[] {
  const others = list.filter(({ self }) => !self);
  if (others.length === 0) return [];
  const items = [...others].sort(byReach).slice(0, peersMax).map((peer) => peerItem(peer, menu));
  const more: readonly TrayItem[] = others.length > peersMax ? [{ kind: 'action', id: 'more', label: menu.more(others.length - peersMax), action: { do: 'open', at: 'peers' } }] : [];
  return [{ kind: 'menu', id: 'peers', label: menu.peers(others.length), items: [...items, ...more] }];
}

/** What runs here, for whoever asks for help, and the report that goes with the question. */
function helpMenu(versions: Versions, words: TrayWords): TrayItem {
  const { menu } = words;
  return { kind: 'menu', id: 'help', label: menu.help, items: [...versionItems(versions, words), { kind: 'line' }, { kind: 'action', id: 'report', label: menu.report, action: { do: 'report' } }] };
}

export function versionItems({ app, helper }: Versions, { menu }: TrayWords): readonly TrayItem[] {
  return [
    { kind: 'text', id: 'version-app', label: menu.version(app) },
    { kind: 'text', id: 'version-helper', label: helper === null ? menu.helperAway : menu.helper(helper) },
  ];
}

/** Each item says what becomes of the connection. */
export function quitItems({ profiles: { list }, staysConnected }: TrayState, { menu }: TrayWords): readonly TrayItem[] {
  const disconnect: TrayItem = { kind: 'action', id: 'disconnect-and-quit', label: menu.disconnectAndQuit, action: { do: 'disconnect-and-quit' } };
  if (list.every(({ session }) => session.want === 'disconnected')) return [{ kind: 'action', id: 'quit', label: menu.quit, action: { do: 'quit' } }];
  return staysConnected ? [{ kind: 'action', id: 'quit', label: menu.quitOnly, action: { do: 'quit' } }, disconnect] : [disconnect];
}

/** Directly, through somebody, not at all: three shapes, and a word for the one that is slower. */
const reached = {
  direct: { order: 0, mark: '●' },
  relayed: { order: 1, mark: '◐' },
  no: { order: 2, mark: '○' },
} as const;

function reachOf({ path }: PeerView): (typeof reached)[keyof typeof reached] {
  switch (path.kind) {
    case 'self':
    case 'direct':
    case 'ice':
      return reached.direct;
    case 'relay':
      return reached.relayed;
    case 'waiting':
    case 'silent':
    case 'down':
      return reached.no;
    default:
      return unreachable(path);
  }
}

function byReach(a: PeerView, b: PeerView): number {
  return Number(b.favourite) - Number(a.favourite) || reachOf(a).order - reachOf(b).order || a.id.localeCompare(b.id, 'en');
}

/** A menu has one line for it, and the address stands behind it. */
function shortName(id: string): string {
  const name = plainText(id);
  return name.length > nameMax ? `${name.slice(0, nameMax - 1)}…` : name;
}

function peerItem(peer: PeerView, menu: TrayWords['menu']): TrayItem {
  const { id, ipv4, ipv6, favourite } = peer;
  const reach = reachOf(peer);
  const address = ipv4 ?? ipv6;
  const plain = `${reach.mark} ${favourite ? '★ ' : ''}${shortName(id)}${address === null ? '' : `: ${address}`}`;
  const label = reach === reached.relayed ? menu.relayed(plain) : plain;
  return address === null ? { kind: 'text', id: `peer-${id}`, label } : { kind: 'action', id: `peer-${id}`, label, action: { do: 'copy', text: address } };
}
