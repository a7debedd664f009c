/**
 * A program in the Exec line of a desktop entry. Two rules follow each other there (Desktop Entry Specification, "The Exec key"): the
 * value's own escapes are read first, and then those inside the quotes, so that each backslash of the second rule is written twice.
 */
export function quotedProgram(program: string): string {
  return `"${program.replace(/[\\"`$]/g, '\\$&').replaceAll('\\', '\\\\').replaceAll('%', '%%')}"`;
}

/** The program that an entry of ours starts; undefined for any other text. */
export function programOf(entry: string): string | undefined {
  const [, written] = /^Exec="(.*)" (?:--hidden|-- %u)$/m.exec(entry) ?? [];
  return written?.replaceAll('%%', '%').replaceAll('\\\\', '\\').replace(/\\([\\"`$])/g, '$1');
}

/** Desktop Application Autostart Specification: one entry in ~/.config/autostart. */
export function startEntry(program: string): string {
  return `[Desktop Entry]\nType=Application\nName=Webmesh\nExec=${quotedProgram(program)} --hidden\nIcon=webmesh-desktop\nX-GNOME-Autostart-enabled=true\n`;
}

/**
 * What opens invites where the app is one file that nobody installed. In no menu; gone from every list once the file is gone (TryExec).
 * The `--` ends all options, whatever the link holds.
 */
export function linkEntry(program: string): string {
  const tried = program.replaceAll('\\', '\\\\');
  return `[Desktop Entry]\nType=Application\nName=Webmesh\nTryExec=${tried}\nExec=${quotedProgram(program)} -- %u\nNoDisplay=true\nMimeType=x-scheme-handler/webmesh;application/x-webmesh-invite;\n`;
}
