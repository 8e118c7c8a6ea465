// Every scenario of lifetimes.mjs by its name.
import { KEPT } from './kept.mjs';
import { LAST_PAGE } from './last-page.mjs';
import { LATE_RECORDING } from './late.mjs';
import { MERGED } from './merged.mjs';
import { RELOAD } from './reload.mjs';
import { SLOW } from './slow.mjs';

export const SCENARIOS = { ...RELOAD, ...LAST_PAGE, ...SLOW, ...LATE_RECORDING, ...MERGED, ...KEPT };
