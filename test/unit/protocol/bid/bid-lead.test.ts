import { describe, expect, it } from 'vitest';
import { BidLead, MAX_LEAD_MS } from '#src/protocol/bid/bid-lead.js';
import { EARLY_MS } from '#src/protocol/contract/constants.js';
import { CLOCK_ERROR_MS } from '#src/protocol/options/protocol-options.js';

const LEAST_MS = 30;

describe('how long before an instant its first bids begin', () => {
  it('is what the option says while bids take less', () => {
    const lead = new BidLead(LEAST_MS);
    expect(lead.of(1)).toBe(LEAST_MS);
    lead.noteBid(1, 4);
    expect(lead.of(1)).toBe(LEAST_MS);
    expect(lead.of(40)).toBe(LEAST_MS);
  });

  it('follows what the bids for as many ticks took, with a quarter to spare', () => {
    const lead = new BidLead(LEAST_MS);
    lead.noteBid(400, 48);
    expect(lead.of(400)).toBe(60);
    // The same power of two.
    expect(lead.of(300)).toBe(60);
    // A few ticks among instants of many are not bid for earlier by that.
    lead.noteBid(1, 2);
    expect(lead.of(3)).toBe(LEAST_MS);
  });

  it('is longer at once, and shorter by and by', () => {
    const lead = new BidLead(LEAST_MS);
    for (const tookMs of [32, 56]) lead.noteBid(400, tookMs);
    expect(lead.of(400)).toBe(70);
    lead.noteBid(400, 24);
    expect(lead.of(400)).toBe(65);
    for (let bids = 0; bids < 100; bids += 1) lead.noteBid(400, 8);
    expect(lead.of(400)).toBe(LEAST_MS);
  });

  it('allows for many ticks of one moment before any of as many have been bid for', () => {
    const lead = new BidLead(LEAST_MS);
    expect(lead.of(500)).toBe(62.5);
    lead.noteBid(1, 10);
    expect(lead.of(301)).toBe(50);
  });

  it('never comes so early that a node may find it early, whatever a bid took', () => {
    const lead = new BidLead(LEAST_MS);
    lead.noteBid(1, 10_000);
    lead.noteBid(1_000, 10_000);
    for (const ticks of [1, 1_000, 100_000]) expect(lead.of(ticks)).toBe(MAX_LEAD_MS);
    expect(MAX_LEAD_MS + CLOCK_ERROR_MS).toBeLessThan(EARLY_MS);
  });

  it('is halved where nodes refuse what comes that early', () => {
    const lead = new BidLead(LEAST_MS);
    lead.noteBid(400, 60);
    expect(lead.of(400)).toBe(75);
    lead.noteRefusal(400);
    expect(lead.of(400)).toBe(37.5);
    lead.noteRefusal(400);
    expect(lead.of(400)).toBe(LEAST_MS);
    // Also where nothing was learnt, and the guess was too long.
    expect(lead.of(800)).toBeGreaterThan(50);
    lead.noteRefusal(800);
    expect(lead.of(800)).toBeLessThan(51);
  });

  it('keeps to a longer option', () => {
    const lead = new BidLead(70);
    lead.noteBid(1, 2);
    expect(lead.of(1)).toBe(70);
  });
});
