/** Plays a plan on real boards over memory nodes, on a clock that is moved by hand. */

import { SeededRandom } from '#src/testing/seeded-random.js';
import { BoardStage, CONVERGES_WITHIN_MS } from '../../unit/protocol/board/board-stage.js';
import { BoardHistory, SMALL } from './board-history.js';
import { BOARDS, type BoardPlan, type Episode } from './board-plan.js';

/** More is never decided than there is room for. */
const MAX_UNDONE = 3;
const LOOK_EVERY_MS = 100;
/** A node is told that it is in touch every ten seconds. */
const SETTLED_MS = 15_000;

class BoardRun {
  readonly world: BoardStage;
  readonly history: BoardHistory;
  private readonly random: SeededRandom;
  /** Boards whose process lives. */
  private alive: number[];
  private decided = 0;

  constructor(private readonly plan: BoardPlan) {
    this.random = new SeededRandom(plan.seed + 1);
    this.world = new BoardStage({ boards: BOARDS, seed: plan.seed, shares: SMALL });
    this.history = new BoardHistory(this.world);
    this.alive = this.world.boards.map((_, index) => index);
    for (const [node, ms] of plan.delaysMs.entries()) this.world.delay(node, ms);
  }

  async play(): Promise<readonly string[]> {
    await this.world.clock.advance(1_000);
    for (let count = 0; count < 3; count += 1) await this.history.decide(0);
    await this.world.clock.advance(SETTLED_MS);
    for (const episode of this.plan.episodes) {
      await this.take(episode);
      this.world.heal();
      await this.settle();
      this.history.check(this.alive);
      if (this.history.violations.length > 0) break;
      await this.replace();
    }
    await this.world.stop();
    return this.history.violations;
  }

  private async take(episode: Episode): Promise<void> {
    const { world, history } = this;
    switch (episode.kind) {
      case 'away': {
        const { node, durationMs, restarts } = episode;
        const companion = episode.companion === undefined ? undefined : this.alive[episode.companion];
        const file = world.nodes[node]?.snapshot();
        world.cutOff(node);
        if (companion !== undefined) {
          for (const other of world.nodes.keys())
            world.link(companion, other, other === node ? 'open' : 'cut');
        }
        const decider = this.alive.find((board) => board !== companion) ?? 0;
        await this.live(decider, durationMs);
        if (restarts && file !== undefined) world.nodes[node]?.restartFrom(file);
        return;
      }
      case 'suspended': {
        const board = this.alive[episode.board] ?? 0;
        const decider = this.alive.find((one) => one !== board) ?? 0;
        const key = history.newKey();
        if (episode.isPutting) {
          for (const node of world.nodes.keys()) world.link(board, node, 'cut');
          void world.board(board).put(key, '"late"');
          await world.clock.advance(150);
          world.heal();
        }
        // Messages are under way, and their answers are read when it goes on.
        world.board(board).flush();
        await world.clock.advance(0);
        world.suspend(board);
        if (episode.beside !== undefined) world.cutOff(episode.beside);
        if (episode.isPutting) await history.deleteKey(decider, key);
        await this.live(decider, episode.durationMs);
        world.heal();
        await world.resume(board);
        return;
      }
      case 'down': {
        if (episode.node !== undefined) {
          world.cutOff(episode.node);
          await this.live(this.alive[0] ?? 0, episode.aheadMs);
        }
        await world.stop();
        history.forgetRuns();
        world.clock.jump(episode.durationMs);
        world.heal();
        this.alive = [this.join(), this.join(), this.join()];
        return;
      }
      case 'lost': {
        const node = world.nodes[episode.node];
        const { how } = episode;
        const told = world.events.length;
        const before = node?.snapshot().board.records.length ?? 0;
        if (how === 'flush' || how === 'restart') node?.loseMemory(how);
        else node?.evictBoard(how);
        const isLost = (node?.snapshot().board.records.length ?? 0) < before;
        await this.settle();
        if (isLost && how !== 'restart' && world.events.length === told)
          history.violations.push('a loss is not told');
        await world.clock.advance(60_000);
        return;
      }
      case 'runs':
        await history.run(this.alive[episode.board] ?? 0, episode.count);
        return;
      default:
        episode satisfies never;
    }
  }

  /** Things are decided for days by those who reach a majority. */
  private async live(decider: number, durationMs: number): Promise<void> {
    const undone = 1 + Math.floor(this.random.next() * MAX_UNDONE);
    for (let count = 0; count < undone; count += 1) await this.history.undo(decider, this.random.next());
    for (let count = 0; count < undone && this.decided < SMALL.runs / 3; count += 1) {
      this.decided += 1;
      await this.history.decide(decider);
    }
    await this.world.passes(durationMs);
  }

  private async settle(): Promise<void> {
    for (let ms = 0; ms < CONVERGES_WITHIN_MS + SETTLED_MS; ms += LOOK_EVERY_MS) {
      await this.world.clock.advance(LOOK_EVERY_MS);
      this.history.look(this.alive);
    }
  }

  /** An instance goes and another one comes. */
  private async replace(): Promise<void> {
    const [gone = 0, ...others] = this.alive;
    const stopped = this.world.board(gone).stop();
    this.alive = [...others, this.join()];
    await this.settle();
    await stopped;
    this.history.check(this.alive);
  }

  private join(): number {
    this.world.join();
    return this.world.boards.length - 1;
  }
}

/** What was broken, in the order in which it was seen. */
export async function runBoardPlan(plan: BoardPlan): Promise<readonly string[]> {
  return new BoardRun(plan).play();
}
