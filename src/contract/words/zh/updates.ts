import type { Reader, Words } from '../../detail.ts';
import type { UpdateWords } from '../type.ts';

const kept = '未安装任何内容，此版本照常运行。';
const again = '请明天再试。如果仍然如此，请在项目自己的网页上查看其发布是否出现问题，并从那里手动安装。';
const byPackage = '请在终端中使用软件包管理器安装。';
const byFinder = '请在“访达”中打开此文件；macOS 会检查它，并在安装前请求许可。';

export const updateFailures = {
  'update.off': () => ({ what: '此版本不知道在哪里查找新版本，因此不会查找。', next: '请按安装此版本的方式安装新版本：使用软件包管理器，或从项目自己的网页安装。' }),
  'update.unreachable': (d: Reader) => ({ what: `无法读取存放新版本的位置${d.because()}。${kept}`, next: '请检查此机器能否访问互联网，然后再次查找。' }),
  'update.bad-signature': (d: Reader) => ({ what: `收到的新版本信息${d.aside('file')}没有本应用制作者的签名，已丢弃。${kept}`, next: `可能有人在途中、在此网络中或在其存放位置更改了它。${again}` }),
  'update.expired': (d: Reader) => ({ what: `新版本信息${d.aside('file')}过旧，不可信，已丢弃。${kept}`, next: `请先检查此机器的时钟是否准确。可能有人扣留了更新的信息。${again}` }),
  'update.older': (d: Reader) => ({ what: `收到的新版本信息${d.aside('file')}比之前的更旧，已丢弃。${kept}`, next: `可能有人想让您使用存在已知缺陷的旧版本。${again}` }),
  'update.damaged': (d: Reader) => ({ what: `新版本信息${d.aside('file')}无法理解：有缺失、被更改或互不匹配的部分，已丢弃。${kept}`, next: again }),
  'update.too-large': (d: Reader) => ({ what: `收到的内容超出应有的大小${d.aside('file')}，已中断并丢弃。${kept}`, next: again }),
  'update.wrong-hash': (d: Reader) => ({ what: `收到的安装程序${d.aside('file')}不是本应用制作者签名的那一个，已丢弃。${kept}`, next: `下载可能出错，或有人更改了它。请重新下载。${again}` }),
  'update.record-damaged': (d: Reader) => ({ what: `应用关于新版本信息的自身记录已损坏${d.at('path')}。它不再查找新版本，因为可能会得到旧版本。${kept}`, next: '请从项目自己的网页或使用软件包管理器手动安装最新版本，然后删除该文件，应用会重新开始。' }),
} satisfies Readonly<Record<string, (d: Reader) => Words>>;

export const updates: UpdateWords = {
  install: {
    deb: byPackage, rpm: byPackage, pkg: byFinder, dmg: byFinder,
    AppImage: '请退出应用，用此文件替换当前文件，允许其执行，然后启动。',
    exe: '请在文件资源管理器中打开此文件；Windows 会在安装前请求许可。',
  },
  neverLooked: (version) => ({ what: `这是版本 ${version}。应用尚未查找新版本。`, next: '它会在您要求时查找；如果您允许，则每天查找一次。' }),
  newest: (version) => ({ what: `这是版本 ${version}，是已找到的最新版本。`, next: '您无需进行任何操作。' }),
  checking: { what: '正在查找新版本…', next: '需要几秒钟。' },
  available: (version) => ({ what: `可以下载版本 ${version}。它有本应用制作者的签名。`, next: '下载后会再次验证，未经您同意不会安装任何内容。' }),
  downloading: (version) => ({ what: `正在下载版本 ${version}。`, next: '您可以继续使用应用。' }),
  ready: (version) => `版本 ${version} 已下载并通过验证。`,
  refused: { what: '上次查找新版本的结果被拒绝。', next: '原因显示在旁边。' },
};
