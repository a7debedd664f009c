import { version } from '../../../package.json';

/** The version this page was built from. */
export const appVersion: string = version;
