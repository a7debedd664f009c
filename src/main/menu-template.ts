import type { MenuItemConstructorOptions } from 'electron';
import { type MenuAction, type MenuItem } from './menu-items.ts';

/** What Electron makes a menu of. */
export function template(item: MenuItem, act: (action: MenuAction) => void): MenuItemConstructorOptions {
  switch (item.kind) {
    case 'text':
      return { id: item.id, label: escaped(item.label), enabled: false };
    case 'line':
      return { type: 'separator' };
    case 'action':
      return {
        id: item.id,
        label: escaped(item.label),
        ...('checked' in item && item.checked !== undefined ? { type: 'radio' as const, checked: item.checked } : {}),
        ...('keys' in item && item.keys !== undefined ? { accelerator: item.keys } : {}),
        ...('off' in item && item.off ? { enabled: false } : {}),
        click: () => act(item.action),
      };
    case 'role':
      return { id: item.id, label: escaped(item.label), role: item.role, ...(item.keys === undefined ? {} : { accelerator: item.keys }), ...(item.off ? { enabled: false } : {}), ...(item.unseen ? { visible: false } : {}) };
    case 'menu':
      return { id: item.id, label: escaped(item.label), ...('role' in item && item.role !== undefined ? { role: item.role } : {}), submenu: item.items.map((inner) => template(inner, act)) };
  }
}

/** In a menu a single & marks the next letter as its key. Names come from other machines. */
function escaped(label: string): string {
  return label.slice(0, 120).replaceAll('&', '&&');
}
