// @ts-nocheck
import { readFileSync } from 'node:fs';
import { runWorld } from './world/world.js';
import { PROFILES } from './world/profile.js';
const reg = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const profile = PROFILES.find(({name}) => name === reg.profile);
const { violations, trace } = await runWorld(reg.plan, profile, true);
console.log(violations); const [from,to]=[Number(process.argv[3]??0),Number(process.argv[4]??1e9)];
for (const line of trace) { const t=parseFloat(line); if (t>=from&&t<=to) console.log(line); }
