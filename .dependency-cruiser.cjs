/**
 * Who may import whom. Each rule says why; test/layers proves that each one can fail.
 * Layers are folders of src. A root is a program's first file: it alone builds what the layers only ask for.
 */
const roots = '^src/(main/(main|preload)|helper/(helper|confine|confined)|node/child|cli/cli|web/server|single/single|renderer/main)\\.ts$';
const tests = '\\.(test|bench)\\.ts$';
/** Service modules carry the grpc runtime; message modules do not. */
const services = '^src/gen/(v1/(admin|mesh|node|webrtc|peer_discovery)|webmesh/(?!.*_messages).+)\\.ts$';
/** Modules of Node.js through which a program touches its machine. */
const machine = '^(node:)?(fs|fs/promises|net|tls|http|https|http2|dgram|dns|child_process|os|sqlite|timers|timers/promises|worker_threads|cluster|process|perf_hooks|readline|repl|v8|vm)$';

/** A layer's sources without its roots and tests. */
const layer = (name) => ({ path: `^src/${name}/`, pathNot: [roots, tests] });
const only = (name, comment, from, allowed) => ({ name, comment, severity: 'error', from, to: { pathNot: allowed } });
const never = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    only('base-stands-alone', 'Values and tiny tools for every process and for the page: they must run anywhere.', layer('base'), ['^src/base/']),
    only('raft-is-pure', 'Consensus is arithmetic: the caller owns time, disk and network, so a simulator can own them too.', layer('raft'), ['^src/(base|raft)/']),
    only('contract-is-data', 'The contract is read by the page, the shells and the core alike.', layer('contract'), ['^src/(base|contract)/', 'node_modules/zod/']),
    only('core-knows-no-shell', 'The app without a shell runs in any process and in simulation: no Node.js module, no Electron, no grpc runtime.', layer('core'), [
      '^src/(base|contract|core|gen)/', 'node_modules/(@bufbuild/protobuf|zod)/',
    ]),
    never('core-takes-types-of-services', 'Service modules pull the grpc runtime in; core takes their types and speaks through its ports.', layer('core'), {
      path: services, dependencyTypesNot: ['type-only'],
    }),
    only('node-meets-others-by-rpc', 'The node process is its own program: it shares values and APIs with the others, not code.', layer('node'), [
      '^src/(base|gen|raft|node)/', '^[a-z0-9:_/]+$', 'node_modules/',
    ]),
    only('helper-meets-others-by-rpc', 'The only root code stays small enough to be read: no raft, no core, no node.', layer('helper'), [
      '^src/(base|gen|helper)/', '^[a-z0-9:_/]+$', 'node_modules/',
    ]),
    never('only-platform-touches-the-machine', 'Files, sockets and processes are ports, so that tests and simulators can bring their own.', {
      path: '^src/(core|node|helper|contract|renderer)/', pathNot: [roots, tests],
    }, { path: machine, dependencyTypes: ['core'] }),
    only('platform-serves-ports', 'The real world is one file a port; it knows the ports it fulfils and nothing of who uses them.', layer('platform'), [
      '^src/(base|gen|platform)/', '^src/contract/(carrier|client)\\.ts$', '^src/(core|node|helper)/(path-)?ports\\.ts$', '^resources/update/', '^[a-z0-9:_/]+$', 'node_modules/',
    ]),
    only('shells-are-thin', 'Shells build the core and show it; helper and node are other processes, met by RPC.', {
      path: '^src/(main|cli|web)/', pathNot: [tests, '^src/main/preload\\.ts$'],
    }, ['^src/(base|contract|core|platform)/', '^src/(main|cli|web)/', '^[a-z0-9:_/]+$', 'node_modules/']),
    never('shells-are-apart', 'Each shell stands without the others.', { path: '^src/(main|cli|web)/', pathNot: tests }, { path: '^src/(main|cli|web)/', pathNot: '^src/$1/' }),
    only('page-is-a-page', 'The page runs in a sandbox: it has the contract and a browser, nothing else.', { path: '^src/renderer/', pathNot: [tests, 'vite\\.config\\.ts$'] }, [
      '^src/(base|contract|renderer)/', '^package\\.json$', 'node_modules/(svelte|uplot|virtua|bits-ui|@lucide/svelte|@internationalized/date|uqr|vite)/', '^vite/client$',
    ]),
    never('page-speaks-every-language', 'These are bound to English, for the command line; a page takes `words/say`, and a tray `words`.', { path: '^src/(renderer|main)/', pathNot: tests }, {
      path: '^src/contract/(words|health-words|update-words)\\.ts$',
    }),
    never('roots-are-first', 'A root builds the real world when it is loaded: nobody may load it by accident.', {}, { path: roots }),
    never('platform-is-built-by-roots', 'Layers ask for ports; who imports a real one cannot be simulated.', {
      path: '^src/(base|contract|raft|core|node|helper|renderer)/', pathNot: [roots, tests],
    }, { path: '^src/platform/' }),
    never('product-knows-no-test', 'What is shipped must not need what is not.', { path: '^src/', pathNot: tests }, { path: ['^test/', tests] }),
    never('no-cycles', 'Two files that need each other are one file, or lack a third.', { path: '^src/' }, { circular: true }),
    never('no-cycles-in-tests', 'As above; types may name each other where a stand-in copies an API that does.', { pathNot: '^src/' }, {
      circular: true, viaOnly: { dependencyTypesNot: ['type-only'] },
    }),
    never('electron-in-main-only', 'Everything else must run without it.', { pathNot: '^(src/main/|test/)' }, { path: '(^|node_modules/)electron(/|$)' }),
    only('preload-is-alone', 'The preload script runs beside the page with more power than it: it is one small file.', { path: '^src/main/preload\\.ts$' }, [
      '(^|node_modules/)electron(/|$)',
    ]),
    never('steps-decide', 'A pure step is tested by values; a driver or a port in it would make it act.', {
      path: '^src/(raft/|core/session/(step|state)\\.ts|core/tunnel/spec\\.ts|helper/tunnel/reconcile\\.ts|node/paths/step\\.ts)', pathNot: tests,
    }, { path: '^src/.*(driver|ports)\\.ts$', dependencyTypesNot: ['type-only'] }),
    never('everything-resolves', 'An import that leads nowhere ends the program that first takes that path.', {}, { couldNotResolve: true }),
    never('no-dev-dependency-in-product', 'What a program needs when it runs is a dependency.', {
      path: '^src/(base|contract|core|raft|node|helper|platform|cli|web)/', pathNot: tests,
    }, { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] }),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^src/gen/'] },
    exclude: { path: ['^(dist|\\.cache)/'] },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'svelte', 'browser', 'types', 'node', 'default'], extensions: ['.ts', '.js', '.mjs', '.cjs', '.svelte', '.d.ts'] },
  },
};
