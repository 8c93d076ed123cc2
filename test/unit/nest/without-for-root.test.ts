/** The module imported as it stands, where `forRoot` was forgotten or where it need not be imported at all. */

import { Module } from '@nestjs/common';
import { DistributedScheduleModule } from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootError, bootWith } from './nest-app.js';

describe('DistributedScheduleModule without forRoot', () => {
  it('stops the boot and says what to write', async () => {
    const error = await bootError(bootWith({ imports: [DistributedScheduleModule] }));
    expect(error.message).toBe(
      'DSCHED_NO_FOR_ROOT: DistributedScheduleModule is imported without forRoot(), and so without a scheduler. Write ' +
        'DistributedScheduleModule.forRoot({ redis, namespace }) in the imports of the root module.',
    );
    expect(error).toMatchObject({ code: 'DSCHED_NO_FOR_ROOT', value: 'DistributedScheduleModule' });
  });

  it('beside one with it stops the boot too, as it would register all tasks again', async () => {
    @Module({ imports: [DistributedScheduleModule] })
    class Feature {}
    for (const imports of [[Feature], [DistributedScheduleModule, Feature]]) {
      const error = await bootError(bootApp({ imports }));
      expect(error.message).toBe(
        'DSCHED_NO_FOR_ROOT: DistributedScheduleModule is imported without forRoot() beside the one with it. Leave it out there: ' +
          'it is global, so decorators and the registry work in every module.',
      );
    }
  });
});
