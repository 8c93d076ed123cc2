import { describe, expect, it } from 'vitest';
import { Stop } from '#src/protocol/contract/stop.js';

describe('a stop', () => {
  it('calls its listeners in order, once, and keeps the first reason', () => {
    const stop = new Stop();
    const heard: string[] = [];
    stop.addEventListener('abort', () => heard.push(`one ${stop.aborted}`));
    stop.addEventListener('abort', () => heard.push('other'));
    stop.abort('first');
    stop.abort('second');
    expect(heard).toEqual(['one true', 'other']);
    expect(stop.reason).toBe('first');
  });

  it('calls none that was taken away, also by another on the way, and none that comes too late', () => {
    const stop = new Stop();
    const heard: string[] = [];
    const gone = (): void => void heard.push('gone');
    stop.addEventListener('abort', () => stop.removeEventListener('abort', gone));
    stop.addEventListener('abort', gone);
    stop.abort('now');
    stop.addEventListener('abort', gone);
    expect(heard).toEqual([]);
  });
});
