import { expect, test } from 'vitest';
import type { ProfileView, SessionPhase, SessionTopic } from '../../contract/state.ts';
import { sceneOf, type SceneName } from '../../../test/fakes/world.ts';
import { sessionView } from './session-view.ts';

const nowMs = 1_700_000_000_000;
const home: ProfileView = { id: 'home1', name: 'Home', kind: 'member', nodeId: 'study', address: 'attic.example.net:8443', insecure: false };
const brief = (session: SessionTopic, profile: ProfileView | undefined = home): string => {
  const view = sessionView(session, profile, nowMs);
  return [view.tone, view.word, view.line, `[${view.button?.label ?? ''}]`, view.aside?.label ?? '', view.trouble?.what ?? ''].filter((part) => part !== '').join(' | ');
};

test('each phase has one state and one button', () => {
  const scenes: SceneName[] = ['disconnected', 'authorising', 'joining', 'configuring', 'connected', 'degraded', 'polling', 'reconnecting', 'offline', 'disconnecting', 'blocked'];
  expect(scenes.map((name) => brief(sceneOf(name, nowMs, 3).session))).toEqual([
    'off | Not connected | Home is off. The rest of your traffic is not touched. | [Connect]',
    'busy | Connecting | Showing the network who this device is. | [Cancel]',
    'busy | Connecting | Asking attic.example.net:8443 to let this device in. | [Cancel]',
    'busy | Connecting | Setting up the encrypted tunnel. | [Cancel]',
    'on | Connected | to Home for 2 h 14 min | [Disconnect]',
    'frozen | Connected | to Home for 2 h 14 min | [Disconnect]',
    'on | Connected | to Home for 2 h 14 min | [Disconnect]',
    'busy | Reconnecting | Next try in 9 s (attempt 3). | [Cancel] | Try now | No answer from attic.example.net:8443. Traffic to this network is off; the rest of your traffic is not touched.',
    'busy | Reconnecting | Waiting until this is possible again. | [Cancel] | This device is offline.',
    'busy | Disconnecting | Taking the tunnel down and putting everything back. | []',
    'blocked | Cannot connect | Home needs your help. | [Try again] | Leave it off | Another program already uses UDP port 51820, which the tunnel needs.',
  ]);
});

test('waiting for an admin is not trouble, and a refusal leads to another invite', () => {
  const waiting = sessionView(sceneOf('waiting', nowMs).session, home, nowMs);
  expect([waiting.word, waiting.line, waiting.aside?.label, waiting.compare, waiting.newInvite]).toEqual(['Waiting for approval', 'An admin of Home must accept this device.', 'Ask again now', true, false]);
  for (const scene of ['revoked', 'refused'] as const) expect(sessionView(sceneOf(scene, nowMs).session, home, nowMs)).toMatchObject({ tone: 'blocked', newInvite: true, compare: false });
  expect(sessionView(sceneOf('blocked', nowMs).session, home, nowMs)).toMatchObject({ newInvite: false, cure: { label: 'Use another port', command: 'profile.port' }, button: { label: 'Try again' } });
  expect(sessionView(sceneOf('revoked', nowMs).session, home, nowMs).cure).toBeNull();
});

test('a host reads about its own network, and nothing to connect with means no button', () => {
  const at = (phase: SessionPhase): SessionTopic => ({ want: 'connected', profile: 'x', epoch: 1, ...phase });
  expect(brief(at({ phase: 'authorising', sinceMs: 0 }), { ...home, kind: 'host' })).toBe('busy | Connecting | Starting this network on this device. | [Cancel]');
  expect(sessionView(at({ phase: 'disconnected' }), undefined, nowMs).button).toBeNull();
  expect(brief(at({ phase: 'disconnecting' }))).toContain('Starting again');
});
