/** What pages import and this repository has not installed, or somebody would generate: as much of it as the pages use. */
export const STAND_INS: ReadonlyMap<string, string> = new Map([
  [
    'stand-ins/nest-config.ts',
    `
import { Injectable, Module } from '@nestjs/common';

@Injectable()
export class ConfigService {
  get<T = string>(name: string): T | undefined {
    return process.env[name] as T | undefined;
  }

  getOrThrow<T = string>(name: string): T {
    const value = this.get<T>(name);
    if (value === undefined) throw new Error(\`\${name} is not set\`);
    return value;
  }
}

@Module({ providers: [ConfigService], exports: [ConfigService] })
export class ConfigModule {}
`,
  ],
  [
    'idempotence/src/generated/prisma/client.ts',
    `
export interface Client {
  readonly account: { update(args: { where: { id: number }; data: { balance: { decrement: number } } }): Promise<unknown> };
}

export declare class PrismaClient {
  constructor(options: { adapter: object });
  readonly account: Client['account'];
  $transaction<P extends PromiseLike<unknown>[]>(work: [...P], options?: { isolationLevel?: string }): Promise<unknown>;
  $transaction<R>(
    work: (tx: Client) => Promise<R>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: string },
  ): Promise<R>;
}
`,
  ],
  [
    'stand-ins/jest.d.ts',
    `
declare const jest: {
  useFakeTimers(options: { now: Date; doNotFake: ('nextTick' | 'queueMicrotask')[] }): void;
  useRealTimers(): void;
  advanceTimersByTimeAsync(ms: number): Promise<void>;
  spyOn<T extends object>(object: T, method: keyof T): unknown;
};
`,
  ],
]);
