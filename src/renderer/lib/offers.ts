import { failure } from '../../base/failure.ts';
import { joinHostPort, splitHostPort } from '../../base/ip.ts';
import type { OffersView, Warning } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import { plainText } from './format.ts';
import { isLoopback, readAddress, readPort } from './forwards.ts';

/** What a machine may do for the others, in the order of the screen. */
export interface Offer {
  readonly key: 'iceNegotiation' | 'turnServer' | 'meshDns' | 'prometheus';
  /** The name under which a node advertises it, while it answers. */
  readonly feature: string;
}

export const offersInOrder: readonly Offer[] = [
  { key: 'iceNegotiation', feature: 'ICE_NEGOTIATION' },
  { key: 'turnServer', feature: 'TURN_SERVER' },
  { key: 'meshDns', feature: 'MESH_DNS' },
  { key: 'prometheus', feature: 'METRICS' },
];

/** Wish and fact together: a thing is done only while it answers. */
export type OfferState = 'off' | 'answers' | 'starting' | 'stopping' | 'later';

export function offerState(wished: boolean, feature: string, features: readonly string[] | null): OfferState {
  if (features === null) return wished ? 'later' : 'off';
  const answers = features.includes(feature);
  return wished ? (answers ? 'answers' : 'starting') : answers ? 'stopping' : 'off';
}

/** Why an offer has not answered for a while, from the warning that tells of it. */
export function offerTrouble({ problem, port }: Warning['detail']): string {
  const said = plainText(String(problem ?? '')).slice(0, 160).replace(/[.\s]+$/, '');
  const { trouble } = t.offers;
  if (said !== '') return trouble.because(said);
  return typeof port === 'number' ? trouble.portTaken(port) : trouble.plain;
}

/** Of a relay that was switched on without a limit. */
export const usualRelayMbit = 20;
const relayMbitMax = 10_000;
export const sharesMax = 32;

/** 1 to 10,000 Mbit/s; input.invalid otherwise. */
export function readRelayMbit(text: string): number {
  const mbit = Number(text.trim());
  if (!/^\d{1,5}$/.test(text.trim()) || mbit < 1 || mbit > relayMbitMax) throw failure('input.invalid', { field: 'relayMbit', problem: t.offers.typed.limit });
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
  if (present.includes(share)) throw failure('input.invalid', { field: 'shares', problem: t.offers.typed.present });
  if (present.length >= sharesMax) throw failure('input.limit', { field: 'shares', max: sharesMax });
  return share;
}

/** What a share lets members do, in one sentence. */
export function shareOpens(share: string): string {
  const [protocol = '', rest = ''] = share.split(' ', 2);
  const at = splitHostPort(rest);
  const name = protocol.toUpperCase();
  if (at === undefined) return plainText(share).slice(0, 64);
  return isLoopback(at.host) ? t.offers.opens.here(name, at.port) : t.offers.opens.through(name, at.port, at.host);
}
