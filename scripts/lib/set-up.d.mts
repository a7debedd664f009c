/** One command that a Debian package brings, and why the project wants it. */
export interface Wanted {
  readonly command: string;
  readonly package: string;
  readonly why: string;
}
export const root: string;
export class SetUpError extends Error {}
export function say(text: string): void;
export function ensurePackages(): void;
export function pinnedNode(): string;
export function ensureDebian(wanted: readonly Wanted[], options: { required: boolean }): readonly Wanted[];
export function findCommand(command: string): string | undefined;
export function run(command: string, args: readonly string[], problem: string, options?: import('node:child_process').SpawnSyncOptions): void;
export function environment(): NodeJS.ProcessEnv;
