const { existsSync } = require('node:fs');
const { join } = require('node:path');

/**
 * Called by electron-builder when a folder is packed and before it is signed: closes the doors that Electron leaves open for development.
 * What runs as another program, takes options from the environment, or loads code from outside the archive is switched off in the binary.
 */
module.exports = async ({ appOutDir, packager, electronPlatformName }) => {
  const { flipFuses, FuseV1Options, FuseVersion } = require('@electron/fuses');
  const name = packager.appInfo.productFilename;
  const program = { darwin: `${name}.app`, win32: `${name}.exe` }[electronPlatformName] ?? packager.executableName;
  const path = join(appOutDir, program);
  if (!existsSync(path)) throw new Error(`there is no ${path} to close`);
  await flipFuses(path, {
    version: FuseVersion.V1,
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableCookieEncryption]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  });
};
