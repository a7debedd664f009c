import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';

/** A Windows installer database as a source of WiX 3, in the words that msitools' wixl knows too: no user interface, no libraries. */
export interface MsiProduct {
  readonly version: string;
  /** Below the folder that the source is built in, with slashes. */
  readonly files: readonly string[];
  readonly icon: string;
  readonly manufacturer: string;
}

/** Never to change: by it Windows knows that one version follows another. */
const upgradeCode = '6D0B7C3E-8E0B-5C57-9B0C-7E4C3B1F2A64';
const program = 'Webmesh.exe';
const service = 'resources/bin/webmesh.exe';
const folders = '--run "[CommonAppDataFolder]Webmesh\\run" --state "[CommonAppDataFolder]Webmesh\\state"';

/** Throws when a file that it must hold is not there. */
export function msiSource({ version, files, icon, manufacturer }: MsiProduct): string {
  for (const needed of [program, service]) if (!files.includes(needed)) throw new Error(`the folder holds no ${needed}`);
  const inFolder = (folder: string): string => `${files.filter((file) => dirname(file) === folder).map(component).join('\n')}\n${subfolders(folder, files).map((name) => `<Directory Id="${id('d', name)}" Name="${basename(name)}">${inFolder(name)}</Directory>`).join('\n')}`;
  return `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" Name="Webmesh" UpgradeCode="${upgradeCode}" Version="${version}" Language="1033" Codepage="1252" Manufacturer="${text(manufacturer)}">
    <Package Compressed="yes" InstallerVersion="500" InstallScope="perMachine" Description="Webmesh" Comments="WireGuard mesh VPN that anyone can start"/>
    <MajorUpgrade DowngradeErrorMessage="A newer version of Webmesh is installed already."/>
    <Media Id="1" Cabinet="webmesh.cab" EmbedCab="yes"/>
    <Icon Id="webmesh.ico" SourceFile="${icon}"/>
    <Property Id="ARPPRODUCTICON" Value="webmesh.ico"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder"><Directory Id="APPLICATIONFOLDER" Name="Webmesh">${inFolder('.')}</Directory></Directory>
      <Directory Id="CommonAppDataFolder"><Directory Id="DATAFOLDER" Name="Webmesh"><Component Id="data" Guid="${guid('data')}" Win64="yes"><CreateFolder/></Component></Directory></Directory>
      <Directory Id="ProgramMenuFolder"/>
    </Directory>
    <CustomAction Id="undo" FileKey="${id('f', service)}" ExeCommand="${text(`@helper ${folders} --undo`)}" Execute="deferred" Impersonate="no" Return="ignore"/>
    <CustomAction Id="forget" FileKey="${id('f', service)}" ExeCommand="${text(`@helper ${folders} --undo --forget`)}" Execute="deferred" Impersonate="no" Return="ignore"/>
    <InstallExecuteSequence>
      <Custom Action="undo" Sequence="1950">REMOVE="ALL" AND UPGRADINGPRODUCTCODE</Custom>
      <Custom Action="forget" Sequence="1951">REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE</Custom>
    </InstallExecuteSequence>
    <Feature Id="Webmesh" Level="1">${[...files.map((file) => id('c', file)), 'data'].map((name) => `<ComponentRef Id="${name}"/>`).join('')}</Feature>
  </Product>
</Wix>
`;
}

function subfolders(folder: string, files: readonly string[]): readonly string[] {
  const below = folder === '.' ? '' : `${folder}/`;
  const names = files.filter((file) => file.startsWith(below) && file.slice(below.length).includes('/')).map((file) => below + (file.slice(below.length).split('/')[0] ?? ''));
  return [...new Set(names)];
}

function component(file: string): string {
  const inside = file === program ? [shortcut] : [];
  const beside = file === program ? links : file === service ? [serviceParts] : [];
  return `<Component Id="${id('c', file)}" Guid="${guid(file)}" Win64="yes"><File Id="${id('f', file)}" Name="${text(basename(file))}" Source="${text(file)}" KeyPath="yes">${inside.join('')}</File>${beside.join('')}</Component>`;
}

const shortcut = '<Shortcut Id="menu" Directory="ProgramMenuFolder" Name="Webmesh" Advertise="yes" Icon="webmesh.ico" WorkingDirectory="APPLICATIONFOLDER"/>';
/** What is opened stands behind `--`, which ends all options: of Chromium, Node and ours. */
const open = '"[APPLICATIONFOLDER]Webmesh.exe" -- "%1"';
const links = [
  registry('Software\\Classes\\webmesh', '', 'URL:Webmesh invite'),
  registry('Software\\Classes\\webmesh', 'URL Protocol', ''),
  registry('Software\\Classes\\webmesh\\shell\\open\\command', '', open),
  registry('Software\\Classes\\.webmesh-invite', '', 'Webmesh.Invite'),
  registry('Software\\Classes\\Webmesh.Invite', '', 'Webmesh invite'),
  registry('Software\\Classes\\Webmesh.Invite\\shell\\open\\command', '', open),
];
const serviceParts = [
  `<ServiceInstall Id="helper" Name="WebmeshHelper" DisplayName="Webmesh helper" Description="Makes the tunnel and runs the mesh node." Type="ownProcess" Start="auto" ErrorControl="normal" Vital="yes" Arguments="${text(`@helper ${folders} --log-to-file --service`)}"/>`,
  '<ServiceControl Id="helperRuns" Name="WebmeshHelper" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>',
].join('');

function registry(key: string, name: string, value: string): string {
  return `<RegistryValue Root="HKLM" Key="${text(key)}"${name === '' ? '' : ` Name="${name}"`} Type="string" Value="${text(value)}"/>`;
}

function id(kind: string, path: string): string {
  return `${kind}${createHash('sha256').update(path).digest('hex').slice(0, 24)}`;
}

/** The same for the same file, in every version: an upgrade then counts its uses rightly (RFC 9562, section 5.8). */
function guid(name: string): string {
  const hash = createHash('sha256').update(`${upgradeCode} ${name}`).digest();
  hash.writeUInt8(((hash[6] ?? 0) & 0x0f) | 0x80, 6);
  hash.writeUInt8(((hash[8] ?? 0) & 0x3f) | 0x80, 8);
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5').toUpperCase();
}

function text(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
