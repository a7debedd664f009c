export const diagnostics = {
  hint: 'Nothing leaves this device by itself. A report holds versions, states and log lines, without keys and tokens.',
  export: 'Export a report',
  writing: 'Writing…',
  show: 'Show the log',
  hide: 'Hide the log',
  readAgain: 'Read again',
  onlyTrouble: 'Only warnings and errors',
  writtenTo: (path: string) => `Written to ${path}`,
  path: 'the path of the report',
  lines: 'Newest log lines',
  nothing: 'Nothing to show.',
};
