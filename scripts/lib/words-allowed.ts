/** Literals that are the same in every language, or that no person reads, each with its reason. `file` narrows it to paths that hold it. */
export const allowedTexts: readonly { readonly text: RegExp; readonly reason: string; readonly file?: string }[] = [
  { text: /^Webmesh( Desktop)?$/, reason: 'the name of the product' },
  { text: /^(IPv4|IPv6|UDP|TCP|SSH|HTTP|HTTPS|DNS|WireGuard|Prometheus|PCP|NAT-PMP|UPnP|MTU|API|Raft|ms|Mbit\/s)$/, reason: 'names of protocols and units' },
  { text: /^[\d.:/\s]+$/, reason: 'addresses' },
  { text: /^\d+ KiB$/, reason: 'sizes' },
  { text: /^(webmesh:\/\/join\/…|attic\.example\.net:8443)$/, reason: 'examples of a link and of an address' },
  { text: /^(auth\.[a-z-]+|audit-broken)$/, reason: 'codes of failures and problems, turned into words elsewhere' },
  { text: /^(AbortError|Escape|Enter|Tab|Home|End|PageUp|PageDown|Arrow(Up|Down|Left|Right)|Delete|Backspace)$/, reason: 'names of keys and errors, compared by the program' },
  { text: /^[a-z]+(-[a-z]+)+$/, reason: 'codes of problems and failures' },
  { text: /^input, textarea$/, reason: 'a selector', file: 'App.svelte' },
  { text: /^(text|application|image)\/[a-z-]+/, reason: 'media types' },
  { text: /^(a frame that is gone|1 MiB of plain values)$/, reason: 'goes into the log, or back to a page that is not ours', file: 'main/ipc.ts' },
  { text: /^There is no such file\.$/, reason: 'the body of an answer 404, which no page shows', file: 'page-protocol.ts' },
  { text: /^CmdOrCtrl\+/, reason: 'keys, in the notation of Electron, which draws them as the system does', file: 'main/menu-view.ts' },
  { text: /^Apache-2\.0$/, reason: 'the name of a licence (SPDX)', file: 'main/main.ts' },
  { text: /^\[Desktop Entry\]/, reason: 'files of the desktop', file: 'desktop-entry.ts' },
  { text: /^<\?xml/, reason: 'a file of the desktop', file: 'appimage-links.ts' },
];

/** Files whose texts are not in the words of a language yet. The list only gets shorter: a file that is clean must be taken off, and none is added. */
export const unconverted: readonly string[] = [
];
