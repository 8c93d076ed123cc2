import { describe, expect, it } from 'vitest';
import { MARGIN_MS } from '#src/protocol/contract/constants.js';
import { CALL_MS, claimOf, Wire } from './wire.js';

describe('a give-back', () => {
  it('that is answered is sent once', async () => {
    const wire = new Wire();
    const claim = claimOf(wire);
    expect(await wire.claim(claim)).toBe('granted');
    await wire.courier.giveBack([claim]);
    expect(await wire.stands()).toEqual({ tick: 0 });
    await wire.courier.peek(['a']);
    await wire.clock.advance(10 * CALL_MS);
    expect(wire.calls).toEqual(['claim', 'giveBack', 'peek']);
  });

  it('that the node has not answered goes ahead of the next message, whatever that is', async () => {
    const wire = new Wire();
    const messages: (() => Promise<unknown>)[] = [
      () => wire.claim(claimOf(wire, 'next', 'b')),
      () => wire.courier.peek(['a']),
      () => wire.courier.leave('one'),
      () => wire.courier.renumber('1.other', 2),
    ];
    for (const [index, message] of messages.entries()) {
      const claim = { ...claimOf(wire, `claim ${index}`), tick: claimOf(wire).tick + index };
      expect(await wire.claim(claim)).toBe('granted');
      wire.state = 'cut';
      await wire.courier.giveBack([claim]);
      wire.state = 'open';
      wire.calls.length = 0;
      await message();
      expect(wire.calls[0]).toBe('giveBack');
      expect((await wire.stands()).claimId).toBeUndefined();
    }
  });

  it('that is under way is not sent a second time beside it', async () => {
    const wire = new Wire();
    const claim = claimOf(wire);
    await wire.claim(claim);
    wire.state = 'cut';
    await wire.courier.giveBack([claim]);
    wire.state = 'open';
    wire.calls.length = 0;
    await Promise.all([wire.courier.peek(['a']), wire.courier.peek(['b'])]);
    expect(wire.calls).toEqual(['giveBack', 'peek', 'peek']);
  });

  it('that finds nothing does not confirm anything while the claim sits in a frozen server', async () => {
    const wire = new Wire();
    const claim = claimOf(wire);
    wire.state = 'held';
    expect(await wire.claim(claim)).toBe('no answer');
    // The server goes on, and reads the new connection first.
    wire.state = 'open';
    await wire.courier.giveBack([claim]);
    await wire.deliver();
    expect((await wire.stands()).claimId).toBe('mine');
    await wire.courier.peek(['a']);
    expect(await wire.stands()).toEqual({ tick: 0 });
  });

  it('is not confirmed by what it took back either: a copy on the old connection comes behind a resend that was given back', async () => {
    const wire = new Wire();
    const claim = claimOf(wire);
    wire.state = 'held';
    expect(await wire.claim(claim)).toBe('no answer');
    wire.state = 'open';
    expect(await wire.claim(claim)).toBe('granted');
    await wire.courier.giveBack([claim]);
    expect(await wire.stands()).toEqual({ tick: 0 });
    await wire.deliver();
    expect((await wire.stands()).claimId).toBe('mine');
    // Nobody says anything to the node: it goes by itself, once no copy can be applied any more.
    await wire.clock.advance(CALL_MS + 2);
    expect(await wire.stands()).toEqual({ tick: 0 });
    // The node's clock may still step back behind the deadline.
    await wire.clock.advance(MARGIN_MS);
    wire.calls.length = 0;
    await wire.courier.peek(['a']);
    expect(wire.calls).toEqual(['peek']);
  });

  it('is confirmed after the deadline of the copies, when the node refuses them', async () => {
    const wire = new Wire();
    const claim = claimOf(wire);
    wire.state = 'held';
    await wire.claim(claim);
    wire.state = 'open';
    await wire.courier.giveBack([claim]);
    await wire.clock.advance(CALL_MS + 2);
    await wire.deliver();
    expect(await wire.stands()).toEqual({ tick: 0 });
    await wire.clock.advance(MARGIN_MS);
    wire.calls.length = 0;
    await wire.courier.peek(['a']);
    expect(wire.calls).toEqual(['peek']);
  });

  it('goes by itself once after a call that was not answered, and then with the next message', async () => {
    const wire = new Wire();
    const claim = claimOf(wire);
    wire.state = 'no answers';
    await wire.claim(claim);
    wire.state = 'cut';
    await wire.courier.giveBack([claim]);
    wire.calls.length = 0;
    await wire.clock.advance(60_000);
    expect(wire.calls).toEqual(['giveBack']);
    wire.state = 'open';
    await wire.courier.peek(['a']);
    expect(await wire.stands()).toEqual({ tick: 0 });
  });

  it('does not touch what others have claimed since', async () => {
    const wire = new Wire();
    const [claim, other] = [claimOf(wire), claimOf(wire, 'theirs')];
    wire.state = 'cut';
    await wire.claim(claim);
    await wire.courier.giveBack([claim]);
    wire.state = 'open';
    expect(await wire.claim(other)).toBe('granted');
    await wire.clock.advance(10 * CALL_MS);
    expect((await wire.stands()).claimId).toBe('theirs');
  });
});

describe('a copy of a claim', () => {
  it('is refused when it is applied after its deadline', async () => {
    const wire = new Wire();
    wire.state = 'held';
    await wire.claim(claimOf(wire));
    await wire.clock.advance(CALL_MS + 1);
    await wire.deliver();
    expect(await wire.stands()).toEqual({ tick: 0 });
  });
});

describe('what a courier keeps', () => {
  it('has a bound, and goes in messages that have one', async () => {
    const wire = new Wire();
    const { tick } = claimOf(wire);
    wire.state = 'cut';
    const many = Array.from({ length: 12_000 }, (_, index) => ({ ...claimOf(wire, `claim ${index}`), tick }));
    await wire.courier.giveBack(many);
    wire.state = 'open';
    const batches: number[] = [];
    for (let message = 0; message < 20; message += 1) {
      wire.calls.length = 0;
      await wire.courier.peek(['a']);
      batches.push(wire.calls.filter((call) => call === 'giveBack').length);
    }
    expect(batches.filter((count) => count === 1)).toHaveLength(10);
  });
});
