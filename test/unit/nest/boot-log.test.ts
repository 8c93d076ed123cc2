import { Injectable } from '@nestjs/common';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  ExclusiveHandler,
  IntervalExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootWith } from './nest-app.js';

@Injectable()
class Work {
  @EverySecondExclusive({ name: 'settle' })
  settle(): void {}

  @IntervalExclusive(90_000, { name: 'sweep', runOn: ['eu'] })
  sweep(): void {}

  @IntervalExclusive(90_000, { name: 'spare', disabled: true })
  spare(): void {}

  @ExclusiveHandler({ name: 'send mail' })
  mail(): void {}
}

const NEXT = String.raw`next \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+`;

describe('the log of a boot', () => {
  it('has a line for the instance and one for each task, also for those that do not run here', async () => {
    const forRoot = DistributedScheduleModule.forRoot({ memory: true, instanceId: 'one', app: 'shop' });
    const { logs } = await bootWith({ imports: [forRoot], providers: [Work] });
    expect(logs.ours('log').slice(0, 5)).toEqual([
      "Instance one of app 'shop' in namespace 'nest-schedule' on the memory of this process",
      expect.stringMatching(new RegExp(`^Scheduled {settle, every second}, ${NEXT}$`)),
      expect.stringMatching(
        new RegExp(`^Scheduled {sweep, every 90 s}, ${NEXT}, not here: it wants the labels eu$`),
      ),
      'Off {spare}: switched off on this instance',
      'Ready {send mail, when added}',
    ]);
    // In memory there is no majority to reach.
    expect(logs.ours('log').join()).not.toContain('Quorum');
  });

  it('says of an instance that runs nothing that it does not', async () => {
    const { logs, app } = await bootApp({ providers: [Work], schedule: { enabled: false } });
    const { instanceId } = app.get(DistributedScheduleRegistry).status();
    expect(logs.ours('log')[0]).toMatch(
      new RegExp(
        `^Instance ${instanceId} .*locks and a ledger of its own. It runs no tasks, as its option enabled is false$`,
      ),
    );
  });
});
