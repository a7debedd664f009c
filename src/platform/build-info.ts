declare const WEBMESH_VERSION: string | undefined;
declare const WEBMESH_COMMIT: string | undefined;
declare const WEBMESH_BUILT_AT: string | undefined;

/** Which build this is. The build writes the three names into the bundles; straight from source they are unknown. */
export const buildInfo = {
  version: typeof WEBMESH_VERSION === 'string' ? WEBMESH_VERSION : '0.0.0-source',
  commit: typeof WEBMESH_COMMIT === 'string' ? WEBMESH_COMMIT : 'unknown',
  builtAt: typeof WEBMESH_BUILT_AT === 'string' ? WEBMESH_BUILT_AT : 'unknown',
} as const;
