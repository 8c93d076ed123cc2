import type { Logger } from '@nestjs/common';
import type { AuditFinding } from '../../protocol/contract/audit-finding.js';
import type { Clock } from '../../protocol/contract/ports.js';
import { at } from '../../tasks/instant-words.js';
import type { OutageTicks } from './outage-ticks.js';
import type { QuietLines } from './quiet-lines.js';

/** Up to this many ticks per task are no warning after a restart in development, as by `--watch`. */
const FEW_TICKS = 10;
/** The findings of one start come within this. */
const GATHER_MS = 250;
const MAX_TASKS_NAMED = 5;
const STUCK_HINT = ' timeoutMs aborts such a run, and giveUpAfterMs lets later ticks run without its end.';

/** What the log says of ticks that nobody ran, and of runs that died. */
export class AuditLog {
  private whileDown: AuditFinding[] = [];

  constructor(
    private readonly logger: Pick<Logger, 'log' | 'warn'>,
    private readonly lines: QuietLines,
    private readonly outages: OutageTicks,
    private readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>,
    private readonly isProduction: boolean,
  ) {}

  log(finding: AuditFinding): void {
    const { task, tick, ticks, outcome, cause, detail, certain } = finding;
    if (cause === 'while_down') {
      this.gather(finding);
      return;
    }
    if (outcome === 'stuck') {
      this.lines.warn({
        ...{ kind: `${outcome} ${task}`, many: 'Runs that do not end', task },
        message: `is stuck in tick ${at(tick)}: ${detail}.${cause === 'runs_on' ? STUCK_HINT : ''}`,
      });
      return;
    }
    if (cause === 'no_majority' && this.outages.tookFinding(finding)) return;
    const said = outcome === 'missed' ? 'was run by nobody' : 'may not have ended its run';
    const count = ticks === 1 ? `in tick ${at(tick)}` : `in ${ticks} ticks up to ${at(tick)}`;
    const doubt = certain || outcome === 'lost' ? '' : ', as far as this instance can see';
    this.lines.warn({
      kind: `${outcome} ${cause}`,
      many: outcome === 'missed' ? 'Run by nobody' : 'Runs that may not have ended',
      task,
      message: `${said} ${count}${doubt}: ${detail}.`,
      ticks,
    });
  }

  /** A restart is one event, however many tasks it concerns. */
  private gather(finding: AuditFinding): void {
    this.whileDown.push(finding);
    if (this.whileDown.length > 1) return;
    const endMs = this.clock.monotonicMs() + GATHER_MS;
    void this.clock.sleepUntil(endMs, new AbortController().signal).then(() => this.tellWhileDown());
  }

  private tellWhileDown(): void {
    const found = this.whileDown;
    this.whileDown = [];
    const newest = Math.max(...found.map(({ tick }) => tick));
    const named = found.slice(0, MAX_TASKS_NAMED).map(passed);
    const others = found.length - named.length;
    const ticks = [...named, ...(others > 0 ? [`those of ${others} more tasks`] : [])].join(', ');
    const doubt = found.every(({ certain }) => certain) ? '' : ', as far as this instance can see';
    const line = `No instance was there up to ${at(newest)}, and ticks passed${doubt}: ${ticks}.`;
    const isRestart = !this.isProduction && found.every((one) => one.ticks <= FEW_TICKS);
    if (isRestart) this.logger.log(line);
    else this.logger.warn(line);
  }
}

/** Without the policy, what has been made up for by now would be read as lost. */
function passed({ task, ticks, misfire }: AuditFinding): string {
  const follows = misfire === undefined ? '' : ` (its misfire policy '${misfire}' starts what it can)`;
  return `${ticks} of '${task}'${follows}`;
}
