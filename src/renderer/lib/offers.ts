import { failure } from '../../base/failure.ts';
import { joinHostPort, splitHostPort } from '../../base/ip.ts';
import type { OffersView, Warning } from '../../contract/state.ts';
import { plainText } from './format.ts';
import { isLoopback, readAddress, readPort } from './forwards.ts';

/** What a machine may do for the others, in the order of the screen. */
export interface Offer {
  readonly key: 'iceNegotiation' | 'turnServer' | 'meshDns' | 'prometheus';
  /** The name under which a node advertises it, while it answers. */
  readonly feature: string;
  readonly label: string;
  readonly hint: string;
}

export const offersInOrder: readonly Offer[] = [
  { key: 'iceNegotiation', feature: 'ICE_NEGOTIATION', label: 'Help devices meet (WebRTC)', hint: 'Passes a few messages on, so that two devices behind routers find each other. Costs next to nothing.' },
  { key: 'turnServer', feature: 'TURN_SERVER', label: 'Relay (TURN)', hint: 'Carries packets for members that cannot meet. They stay encrypted; this device sees only how many there are.' },
  { key: 'meshDns', feature: 'MESH_DNS', label: 'Names of devices (mesh DNS)', hint: 'Answers questions such as “where is nas?”, at the address of this device in the network.' },
  { key: 'prometheus', feature: 'METRICS', label: 'Figures for Prometheus', hint: 'Members may read how this device and its tunnel are doing.' },
];

/** Wish and fact together: a thing is done only while it answers. */
export type OfferState = 'off' | 'answers' | 'starting' | 'stopping' | 'later';

export function offerState(wished: boolean, feature: string, features: readonly string[] | null): OfferState {
  if (features === null) return wished ? 'later' : 'off';
  const answers = features.includes(feature);
  return wished ? (answers ? 'answers' : 'starting') : answers ? 'stopping' : 'off';
}

export const offerStateWords: Readonly<Record<OfferState, string>> = {
  off: '', answers: 'Answers now.', starting: 'Wanted, but it does not answer yet.', stopping: 'Still answers; it is being stopped.', later: 'Starts when this device connects.',
};

/** Why an offer has not answered for a while, from the warning that tells of it. */
export function offerTrouble({ problem, port }: Warning['detail']): string {
  const said = plainText(String(problem ?? '')).slice(0, 160).replace(/[.\s]+$/, '');
  const because = said !== '' ? `: ${said}` : typeof port === 'number' ? `: another program on this device has port ${port}` : '';
  return `Wanted, but it does not answer${because}. It is tried again by itself.`;
}

/** Of a relay that was switched on without a limit. */
export const usualRelayMbit = 20;
const relayMbitMax = 10_000;
export const sharesMax = 32;

/** 1 to 10,000 Mbit/s; input.invalid otherwise. */
export function readRelayMbit(text: string): number {
  const mbit = Number(text.trim());
  if (!/^\d{1,5}$/.test(text.trim()) || mbit < 1 || mbit > relayMbitMax) throw failure('input.invalid', { field: 'relayMbit', problem: 'write a whole number from 1 to 10000' });
  return mbit;
}

export interface ShareTexts {
  protocol: 'tcp' | 'udp';
  address: string;
  port: string;
}

/** `tcp 127.0.0.1:8080`; input.invalid where it is none, stands there already, or is one too many. */
export function readShare({ protocol, address, port }: ShareTexts, present: OffersView['shares']): string {
  const share = `${protocol} ${joinHostPort(readAddress('shares', address), readPort('shares', port))}`;
  if (present.includes(share)) throw failure('input.invalid', { field: 'shares', problem: 'it is in the list already' });
  if (present.length >= sharesMax) throw failure('input.limit', { field: 'shares', max: sharesMax });
  return share;
}

/** What a share lets members do, in one sentence. */
export function shareOpens(share: string): string {
  const [protocol = '', rest = ''] = share.split(' ', 2);
  const at = splitHostPort(rest);
  const name = protocol.toUpperCase();
  if (at === undefined) return plainText(share).slice(0, 64);
  return isLoopback(at.host)
    ? `Every member may reach ${name} port ${at.port} on this device, also of a program that listens for this device alone.`
    : `Every member may reach ${name} port ${at.port} of ${at.host} through this device, as if this device asked. That machine cannot tell them apart.`;
}
