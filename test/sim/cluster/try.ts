import { runSeed } from './world.ts';
const [first, count] = process.argv.slice(2).map(Number);
const t = performance.now(); let bad = 0; let ev=0, vt=0; const tot: Record<string, number> = {};
for (let s = first!; s < first! + count!; s++) { const o = runSeed(s); ev+=o.events; vt+=o.virtualMs; for (const [k,v] of Object.entries(o.figures)) tot[k]=(tot[k]??0)+v; if (o.violation) { bad++; if (bad<6) console.log(s, o.violation.message.slice(0,600)); } }
const ms = performance.now()-t; console.log({bad, msPerSeed: ms/count!, evPerS: ev/ms*1000, virtS: vt/1000/count!}, tot);
