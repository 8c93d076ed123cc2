// A CommonJS file that sees the types of every entry point.

export type { DistributedScheduleOptions } from 'nestjs-distributed-schedule';
export * from 'nestjs-distributed-schedule/postgres';
export * from 'nestjs-distributed-schedule/terminus';
export * from 'nestjs-distributed-schedule/testing';
