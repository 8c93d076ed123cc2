import { realNowMs } from './clock-offset.js';
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DistributedScheduleRegistry } from 'nestjs-distributed-schedule';
import { DemoModule } from './demo.module.js';
import { obeyParent, stallOverEachSecond } from './fault-commands.js';
import { tellParent } from './replica-message.js';
import { readSettings } from './settings.js';

const bornMs = realNowMs();
const settings = readSettings(process.env);

const app = await NestFactory.create(DemoModule.with(settings), { abortOnError: false });
// Ends with code 0 once the runs in flight have been drained.
app.enableShutdownHooks([], { useProcessExit: true });
// A replica without the process that started it would run on, unseen, for ever.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

await app.listen(settings.port);
const { port } = app.getHttpServer().address() as AddressInfo;
stallOverEachSecond(settings.stallMs);
obeyParent();
tellParent({ type: 'listening', port, instanceId: app.get(DistributedScheduleRegistry).status().instanceId });
new Logger('Demo').log(
  `replica ${settings.replica} listens on ${port}, ${Math.round(realNowMs() - bornMs)} ms after its start`,
);
