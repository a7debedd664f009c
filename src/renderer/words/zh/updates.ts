import type { PageWords } from '../en/index.ts';

export const updates: PageWords['updates'] = {
  title: '更新',
  tell: '有新版本时告诉我',
  tellHint: '应用届时每天查找一次。所查询的位置只能看到此网络的地址。不会自动下载或安装任何内容。',
  look: '立即查找',
  download: (size) => `下载（${size}）`,
  stop: '停止',
  dismiss: '忽略',
  remove: '删除文件',
  progress: '新版本的下载',
  command: '安装方法',
  open: '查看新内容',
};
