/** What must have happened in worlds without a violation, or their zeros say nothing. */

import type { Totals } from './search.js';
import type { Profile } from './world/profile.js';

/**
 * Least numbers in 100 worlds: a third to a half of what is usual, so that chance does not fail a run and a simulation that
 * has gone blind does. `contested tick`: at least two instances asked for votes.
 */
export const SOMETIMES: Readonly<Record<Profile['name'], Readonly<Record<string, number>>>> = {
  normal: {
    'contested tick': 70,
    run: 1_200,
    'loss soon after a grant': 50,
    'granted again': 5,
    early: 600,
    late: 300,
    quarantined: 90,
    'won after others gave back': 25,
    'presence take-over': 3,
    'won but too late to start': 4,
    'split vote': 1,
    'hand-over while a handler runs': 12,
    'hand-over checked': 10,
    'lease lost': 7,
    fenced: 1,
    'blocked at win': 1,
    retried: 240,
    retaken: 5,
    closing: 250,
    'made up for: all': 30,
    'made up for: latest': 3,
    'buffered tick started late': 30,
    'started after a cancelled run': 3,
    'outcome buffered': 70,
    'outcome cancelled': 30,
    'outcome timed_out': 70,
  },
  torture: {
    // Half of all ticks.
    'contested tick': 5_000,
    run: 1_900,
    'loss soon after a grant': 60,
    'granted again': 500,
    early: 6_000,
    late: 13_000,
    quarantined: 9_000,
    'won after others gave back': 700,
    'won but too late to start': 30,
    'split vote': 4_000,
    'hand-over while a handler runs': 30,
    fenced: 5,
    retried: 200,
    retaken: 60,
    closing: 500,
    'made up for: all': 30,
    'outcome timed_out': 120,
  },
  liveness: {
    'contested tick': 200,
    run: 5_000,
    'idle instance dies': 35,
    'instance dies in its run': 8,
    'all are away': 7,
    'loss soon after a grant': 50,
    'granted again': 140,
    early: 300,
    late: 700,
    quarantined: 80,
    'won after others gave back': 45,
    'presence take-over': 2,
    'won but too late to start': 4,
    'split vote': 10,
    retried: 120,
    retaken: 7,
    'retaken after a death': 1,
    closing: 400,
    'made up for: all': 35,
    'made up for: latest': 5,
    'buffered tick started late': 12,
    'outcome cancelled': 12,
    'outcome timed_out': 10,
  },
  identity: {
    'contested tick': 5_000,
    run: 4_500,
    'a name moves for all': 45,
    'a name moves for one': 15,
    'a name moves back': 40,
    'a newcomer is led to the old server': 30,
    'identity new': 200,
    'identity votes': 350,
    'identity wrong_server': 100,
    'gives up a connection': 300,
    'loss of memory': 60,
    renamed: 8_000,
    unconfirmed: 3_500,
    'answer lost: beat': 300,
    'answer lost: claim': 40,
    'answer lost: giveBack': 8,
    'a copy comes late on the old connection': 25,
    'claim sent again': 150,
  },
  sets: {
    'contested tick': 4_000,
    run: 4_000,
    'an instance of another set joins': 25,
    'suspended with its fleet': 18,
    'blocked with its fleet': 20,
    'cut off with its fleet': 15,
    'killed with its fleet': 15,
    'a fleet is not heard': 20,
    'a node of both sets forgets': 12,
    'a node of both sets is out of reach': 45,
    'node set yields': 100,
    'node set conflict': 5,
    'stamped first': 45,
    'stamped empty': 25,
    'stamped taken_over': 6,
    'answer lost: claim': 20,
    'answer lost: giveBack': 6,
    'a copy comes late on the old connection': 20,
  },
};

/** A sentence for everything that happened too seldom. */
export function tooRare(profile: Profile, { counters, worlds }: Totals): readonly string[] {
  return Object.entries(SOMETIMES[profile.name]).flatMap(([what, per100]) => {
    const least = Math.floor((per100 * worlds) / 100);
    const count = counters.get(what) ?? 0;
    const sentence = `${what}: ${count} times in ${worlds} worlds of ${profile.name}, must be at least ${least}`;
    return count >= least ? [] : [sentence];
  });
}
