import { type MenuItem } from './menu-items.ts';
import { type ShellWords } from './words/en.ts';

/** What was clicked with the other button, as Electron tells it. */
export interface ContextPlace {
  readonly isEditable: boolean;
  readonly selectionText: string;
  /** What can be done there now. A password can be pasted but not copied. */
  readonly editFlags: { readonly canCut: boolean; readonly canCopy: boolean; readonly canPaste: boolean; readonly canSelectAll: boolean };
}

/** Cut, copy and paste in a field, copy of text that is selected elsewhere, and nothing for all the rest: then no menu comes up. */
export function contextItems({ isEditable, selectionText, editFlags }: ContextPlace, { roles }: ShellWords['bar']): readonly MenuItem[] {
  const item = (role: 'cut' | 'copy' | 'paste' | 'selectAll', can: boolean): MenuItem => ({ kind: 'role', id: role, label: roles[role], role, off: !can });
  if (isEditable) return [item('cut', editFlags.canCut), item('copy', editFlags.canCopy), item('paste', editFlags.canPaste), { kind: 'line' }, item('selectAll', editFlags.canSelectAll)];
  return selectionText.trim() !== '' && editFlags.canCopy ? [item('copy', true)] : [];
}
