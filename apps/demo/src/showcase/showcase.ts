import { setTimeout as sleep } from 'node:timers/promises';
import { TASK_NAMES } from '../settings.js';
import { Cluster } from './cluster.js';
import { KEY_HINT, obeyKeys } from './keyboard.js';
import { LiveTable } from './live-table.js';
import { type Line, line } from './paint.js';
import { type DueTicks, isSound, type Proof, prove, readRunLines } from './proof.js';
import { proofPage } from './proof-page.js';
import { openScreen, type Screen } from './screen.js';
import { Story } from './story.js';

const SECOND_MS = 1_000;

/** Time for the runs of the last due tick to end before the replicas are told to. */
const AFTER_LAST_TICK_MS = 700;

/** Masters abstain for 3 s first. A cluster that does not come up is counted all the same: its misses need a reason. */
const UP_WITHIN_MS = 15_000;

const INTERRUPTED = 130;

export interface ShowcaseOptions {
  readonly redisServer: string | undefined;
  /** An empty folder. Records and logs stay there afterwards. */
  readonly folder: string;
  readonly interactive: boolean;
}

/** Shows what breaks, and proves what happened. Exit code 0: no tick ran twice, and each missed one has a reason. */
export async function runShowcase(options: ShowcaseOptions): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const cluster = await Cluster.create({ ...options, tasks: TASK_NAMES });
  process.once('exit', () => void cluster.killAll());
  const screen = openScreen(process.stdout);
  try {
    screen.print(opening(cluster));
    await cluster.start(interruption.signal);
    const due = await play(cluster, screen, options.interactive, interruption);
    await cluster.stop();
    const proof = readProof(cluster, due);
    screen.print(proofPage(proof, options.folder));
    return isSound(proof) ? 0 : 1;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    screen.print([line(''), line('  interrupted; everything is stopped')]);
    return INTERRUPTED;
  } finally {
    screen.close();
    await cluster.killAll();
  }
}

/** Plays the story, or does what the keys say, and tells which ticks were due. */
async function play(
  cluster: Cluster,
  screen: Screen,
  interactive: boolean,
  interruption: AbortController,
): Promise<DueTicks> {
  const tasks = TASK_NAMES;
  await cluster.board.untilAllStart(tasks, UP_WITHIN_MS, interruption.signal);
  const firstTick = lastSecond() + 2 * SECOND_MS;
  const story = new Story(cluster, firstTick);
  const hint = interactive ? () => KEY_HINT : (nowMs: number) => story.hint(nowMs);
  const table = new LiveTable({ cluster, screen, tasks, firstTick, hint });
  try {
    await (interactive ? obeyKeys(cluster, interruption) : story.play(interruption.signal));
    const lastTick = interactive ? lastSecond() : firstTick + story.lengthMs;
    await sleep(AFTER_LAST_TICK_MS, undefined, { signal: interruption.signal });
    return { tasks, firstTick, lastTick };
  } finally {
    table.close();
  }
}

function lastSecond(): number {
  return Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
}

function readProof(cluster: Cluster, due: DueTicks): Proof {
  const lines = readRunLines(cluster.replicas.map((replica) => replica.recordFile));
  return prove(lines, due, (task, tick) => cluster.explain(task, tick));
}

function opening({ nodes, replicas }: Cluster): Line[] {
  const count = `${replicas.length} replicas of an ordinary Nest app · ${nodes.length} Redis masters without a disk`;
  const start =
    'Starting: for 3 s a master that may have forgotten grants nothing. The count begins after that.';
  const together = [
    line('  settle, invoice and sweep: due every second, each run by exactly one replica'),
    line(`  ${count}`, 'faint'),
    line(`  ${start}`, 'faint'),
  ];
  const alone = [
    line('  settle, invoice and sweep: due every second'),
    line('  No redis-server on this machine: one replica in one process, on the memory backend.', 'warn'),
  ];
  const title = line('  nestjs-distributed-schedule', 'strong');
  return [line(''), title, ...(nodes.length > 0 ? together : alone)];
}
