import { type RemoteCaller } from '../../src/node/ports.ts';

/** For fakes of RemoteCaller whose tests have nothing to do with streams. */
export const noDuplex: Pick<RemoteCaller, 'duplex'> = { duplex: () => { throw new Error('no stream was expected'); } };
