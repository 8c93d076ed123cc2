/*
 * The claim of a tick, for SPIN: claim script, give-back, incarnation guard and floor on NODES voting nodes, and the
 * instances that count the votes. `npm run model` checks it (run-model.ts).
 *
 * What is claimed: a tick is started at most once, and at most one claim has a majority that it did not give up.
 *
 * The argument. A run needs the votes of a majority for one claim, and two majorities share a node. So it is enough
 * that on each single node
 *
 *   (A) a vote for tick T goes to a claim only when every other claim on T or on a later tick that ever got this
 *       node's vote has been given up, and what was given up is never started.
 *
 * (A) is asserted at every vote below, and so is that no two claims on a tick have majorities. (A) holds because
 *
 *   (B) the node's entry or its floor is at or above the tick of every vote whose claim was not given up; and
 *   (C) after a loss of memory the floor is at or above every tick that the node ever voted for. At that vote the
 *       clock showed r with T <= r + EARLY. When the node is first asked after the loss its clock shows at least
 *       r - MARGIN, so the floor is at least r - MARGIN + EARLY + MARGIN >= T.
 *
 * (B) is kept by a vote (step 5: only a later tick is stored), by a give-back (only the very claim that stands, and
 * only after its owner gave it up, is replaced by the tick before it) and by a loss because of (C). What an instance
 * knows, how late it knows it and what its clock shows is used nowhere.
 *
 * How the real thing became finite, in each case by allowing more than can happen:
 *
 *   network     Every claim may reach every node at any time, any number of times, from the first moment to the last,
 *               also after it was given up. So may a give-back once its owner has decided. What the owner has heard
 *               is some part of the votes it got; it may act on any part, so only votes given are kept.
 *   instances   One claim is one attempt of one instance at one tick. Attempts know nothing of each other, so an
 *               instance that tries again is one more claim, and the order of ticks on an instance is free.
 *   clocks      A node's clock shows anything at every call, forward or back, with one exception, the assumption:
 *               when a node is first asked after a loss of memory, its clock shows at least the highest reading at
 *               which it ever voted, less REGRESS. Nothing is synchronised.
 *   memory      After a loss a node finds nothing, or any entry that it may have had at any time: the newest (a
 *               restart with memory) or an old one (an old file). Its old floor is gone: a kept one refuses more.
 *   left out    What can only refuse a vote: lateness, the generation of the node set, `since` (as a state; that it
 *               raises the floor is here). The lock, the lease and the rank: safety may not rest on them. A node has
 *               one task: tasks share nothing but the floor. Liveness is the simulation's affair.
 *
 * Time is counted in steps of EARLY. Ticks, readings and floor meet in comparisons only.
 *
 * With -DPRUNES nodes forget lines on purpose (prunable-lines.ts), at any time and up to any tick, however young: a window that is too short may
 * cost a start, and must not double one. What a node knows of lines that are gone is one floor, `pruned`, which counts where
 * there is no line. For (B), read "the node's entry, or where it has none `pruned`, or its floor".
 */

/* The size of the world; each can be set with -D. */
#ifndef NODES
#define NODES 3
#endif
#ifdef CONTENDERS
#define REDUCED
#define INSTANCES 3 /* two contenders, and one for all that were given up: see below */
#endif
#ifndef INSTANCES
#define INSTANCES 2 /* claims per tick */
#endif
#ifndef TICKS
#define TICKS 2
#endif
#ifndef LOSSES
#define LOSSES 1 /* losses of memory, and clocks that step behind `since`, on all nodes together */
#endif
#ifndef EARLY
#define EARLY 1
#endif
#ifndef MARGIN
#define MARGIN 1
#endif
#ifndef REGRESS
#define REGRESS MARGIN /* how far a clock really stands back after a loss */
#endif
#ifndef QUORUM
#define QUORUM (NODES / 2 + 1)
#endif

/* Ticks are numbered from 1. The first is late enough that a clock may stand back by MARGIN + 1 before it. */
#define PERIOD (EARLY + MARGIN)
#define AT(tick) (EARLY + MARGIN + 1 + ((tick) - 1) * PERIOD)
/* At a later reading no tick is early any more, and the floor is above all of them. */
#define LATEST (AT(TICKS) - EARLY)

/* Claims are numbered from 0, those of one tick side by side; sets of claims are bits. */
#define CLAIMS (INSTANCES * TICKS)
#define TICK(claim) ((claim) / INSTANCES + 1)
#define BIT(claim) (1 << (claim))
#define ALL ((1 << CLAIMS) - 1)
#define FROM(tick) (ALL & (ALL << (((tick) - 1) * INSTANCES)))
#define OF(tick) (FROM(tick) & ~FROM((tick) + 1))

/* Claim ids. `-` of the scripts is NOBODY. */
#define NOBODY 0
#if defined(ID_OF_TICK)
#define ID(claim) TICK(claim)
#elif defined(ID_OF_INSTANCE)
/* The first two claims of a tick are two attempts of one instance, one after the other. */
#define ID(claim) ((claim) % INSTANCES == 1 -> (claim) : (claim) + 1)
#else
#define ID(claim) ((claim) + 1)
#endif

/* What must be reachable: with -DREACH=name, getting there is reported as an error. */
#define CONTESTED 1       /* a node votes for a claim while another one on that tick has votes and is not given up */
#define GIVEN_TO_OTHER 2  /* a claim starts with the vote of a node that first voted for one that was given up */
#define FLOOR_REFUSES 3   /* a claim that would be granted is at or below the floor */
#define STANDING_REFUSED 4 /* a claim found standing after a loss is at or below the floor, and not granted again */
#define GRANT_TOO_LATE 5  /* a claim gets a vote after its owner gave it up */
#define OTHER_STANDS 6    /* a give-back meets another claim on the same tick */
#define AFTER_LOSSES 7    /* a tick starts when all losses have happened */
#define BOTH_TICKS 8      /* the last tick starts when the first has started */
#define CLOCK_BEHIND 9    /* the floor is raised at a reading below an earlier one */
#define PRUNED_REFUSES 10 /* a claim that would be granted is at or below what has been forgotten on purpose */
#define GROWN_ANEW 11     /* a line that was forgotten stands again, and a claim in it is given back */
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

/* A check against a broken protocol has to show the double start itself, not a lemma that fails on the way. */
#ifdef ONLY_STARTS
#define LEMMA(fact) skip
#else
#define LEMMA(fact) assert(fact)
#endif

typedef Node {
  unsigned voted : 9;   /* for the proof: the claims that ever got this node's vote */
  unsigned highest : 4; /* for the assumption: the highest reading at which it voted */
  unsigned claim : 4;   /* its entry: the id of the claim that stands, */
  unsigned tick : 2;    /* its tick */
  unsigned before : 2;  /* and the tick before it */
  unsigned floor : 2;   /* the last tick at or below the floor */
#ifdef PRUNES
  bit has;              /* there is a line */
  unsigned pruned : 2;  /* lines up to this tick may have gone; counts where there is none */
  unsigned later : 2;   /* only with PRUNED_LATER: still to be written */
#endif
  bit lost              /* its memory was lost and nobody has asked it since */
}

Node node[NODES];
short givenUp;          /* claims whose owner has decided never to start them */
short started;
byte losses = LOSSES;   /* still to come */

/* For one step only, so no part of the state. */
byte c, i, reading, lowest, covered, spare, twice;

#define ME node[_pid]
#define HAS_VOTED(n, claim) ((node[n].voted >> (claim)) & 1)
#if NODES == 3
#define VOTES(claim) (HAS_VOTED(0, claim) + HAS_VOTED(1, claim) + HAS_VOTED(2, claim))
#define SEEN (node[0].voted | node[1].voted | node[2].voted)
#elif NODES == 5
#define VOTES(claim) (HAS_VOTED(0, claim) + HAS_VOTED(1, claim) + HAS_VOTED(2, claim) \
                      + HAS_VOTED(3, claim) + HAS_VOTED(4, claim))
#define SEEN (node[0].voted | node[1].voted | node[2].voted | node[3].voted | node[4].voted)
#endif

/*
 * Reductions. With -DREDUCED only one state of each class of like states is visited:
 *   - Nodes are alike, so they are kept sorted; which one is called node 0 changes.
 *   - Claims on one tick are alike, so they get their first votes in order.
 *   - Of the readings only the one that permits most is tried: the least that is not early for a vote, the least that
 *     the assumption allows for a raised floor. A higher one refuses more now or later.
 *   - An entry at or below the floor is dropped: the floor answers for it, and comes first.
 *   - Readings are dropped when no node will lose its memory any more.
 *
 * With -DCONTENDERS, moreover, any number of instances and attempts is covered by few claims. What is asserted is about
 * two claims that are not given up, and giving up earlier forbids nothing: votes do not look at it, give-backs wait for
 * it. So all other claims are given up from the first moment. Claims on one tick that are all given up have the
 * same powers, each as often as it likes, so one of them does what any number could. Nobody counts their votes.
 *
 * Small worlds are checked without any of this ("plain"). A reduced history is a real one in which nodes are called
 * by other names and some of what has no effect is not shown, so a double that is found with reductions is a double.
 */
#ifdef CONTENDERS
#define READY (givenUp != 0)
#define OTHERS(claim) ((claim) % INSTANCES == 2)
#define MUST_WAIT(claim) ((givenUp & BIT(claim)) -> !OTHERS(claim) \
                          : (claim) % INSTANCES == 1 && !(SEEN & BIT((claim) - 1)))
#else
#define READY true
#if defined(ID_OF_INSTANCE)
#define MUST_WAIT(claim) ((claim) % INSTANCES == 1 && !(givenUp & BIT((claim) - 1)))
#elif defined(REDUCED)
#define MUST_WAIT(claim) ((claim) % INSTANCES > 0 && !(SEEN & BIT((claim) - 1)))
#else
#define MUST_WAIT(claim) false
#endif
#endif
#ifdef PRUNES
#define PRUNING_KEY(n) | (node[n].has << 24) | (node[n].pruned << 25) | (node[n].later << 27)
#else
#define PRUNING_KEY(n)
#endif
#define KEY(n) (node[n].voted | (node[n].highest << 9) | (node[n].claim << 13) | (node[n].tick << 17) \
                | (node[n].before << 19) | (node[n].floor << 21) | (node[n].lost << 23) PRUNING_KEY(n))

#define EXCHANGE(field) spare = node[i].field; node[i].field = node[i + 1].field; node[i + 1].field = spare

inline reduce() {
#ifdef REDUCED
  i = 0;
  do
  :: i == NODES -> break
  :: i < NODES && node[i].lost -> i++
  :: i < NODES && !node[i].lost ->
     if :: node[i].tick <= node[i].floor -> node[i].claim = NOBODY; node[i].tick = 0; node[i].before = 0
        :: else fi;
     if :: losses == 0 -> node[i].highest = 0 :: else fi;
     i++
  od;
  i = 0;
  do
  :: i == NODES - 1 -> break
  :: i < NODES - 1 && KEY(i) >= KEY(i + 1) -> i++
  :: i < NODES - 1 && KEY(i) < KEY(i + 1) ->
     EXCHANGE(voted); EXCHANGE(highest); EXCHANGE(claim); EXCHANGE(tick);
     EXCHANGE(before); EXCHANGE(floor); EXCHANGE(lost);
#ifdef PRUNES
     EXCHANGE(has); EXCHANGE(pruned); EXCHANGE(later);
#endif
     if :: i > 0 -> i-- :: else fi
  od;
#endif
  c = 0; i = 0; reading = 0; lowest = 0; covered = 0; spare = 0; twice = 0
}

inline pickClaim() {
  c = 0;
  do :: c < CLAIMS - 1 -> c++ :: break od
}

inline pickFrom(least) {
  reading = least;
#ifndef REDUCED
  do :: reading < LATEST -> reading++ :: break od
#endif
}

/* The node's TIME in this call: anything, within the assumption. */
inline pickReading() {
  if
  :: ME.lost && ME.highest > REGRESS -> lowest = ME.highest - REGRESS
  :: else -> lowest = 0
  fi;
  pickFrom(lowest)
}

#ifdef PRUNES
#define IS_PRUNED(claim) (!ME.has && TICK(claim) <= ME.pruned)
#define NEWEST (ME.has -> ME.tick : ME.pruned)
inline setLine() { ME.has = 1 }
inline forgetPruning() { ME.has = 0; ME.pruned = 0; ME.later = 0 }
#else
#define IS_PRUNED(claim) false
#define NEWEST ME.tick
inline setLine() { skip }
inline forgetPruning() { skip }
#endif

/* What a node finds after a loss is chosen when it is first asked: nobody can look before. */
inline pickMemory() {
  if
  :: ME.lost ->
     ME.claim = NOBODY; ME.tick = 0; ME.before = 0; ME.floor = 0;
     forgetPruning();
     i = 0;
     do :: i < CLAIMS - 1 -> i++ :: break od;
     if
     :: HAS_VOTED(_pid, i) -> /* an entry of that claim */
        ME.claim = ID(i); ME.tick = TICK(i); setLine();
        do :: ME.before < TICK(i) - 1 -> ME.before++ :: break od
     :: HAS_VOTED(_pid, i) -> /* what the give-back of a later claim left */
        ME.tick = TICK(i); ME.before = TICK(i); setLine()
     :: true /* nothing */
     fi
  :: else
  fi
}

inline raiseFloor() {
  covered = 0;
  do :: covered < TICKS && AT(covered + 1) <= reading + EARLY + MARGIN -> covered++ :: else -> break od;
#ifdef NO_MAX
  ME.floor = covered;
#else
  if :: ME.floor < covered -> ME.floor = covered :: else fi;
#endif
  printf("node %d raises its floor at %d: tick %d\n", _pid, reading, ME.floor)
}

/* Claim script, step 1: the incarnation guard. It opens every script. */
inline guard() {
  if
  :: ME.lost ->
     if :: reading < ME.highest -> SOMETIMES(CLOCK_BEHIND) :: else fi;
     ME.lost = 0;
     printf("node %d is asked at %d after a loss and finds id %d on tick %d\n", _pid, reading, ME.claim, ME.tick);
#ifdef BOUND_FROM_LOSS
     ME.highest = reading;
#endif
#if defined(NO_FLOOR)
     skip
#elif defined(NO_INCARNATION)
     if :: ME.tick == 0 -> raiseFloor() :: else fi
#else
     raiseFloor()
#endif
  :: else
  fi
}

#define HAS_MAJORITY(claim) (!(givenUp & BIT(claim)) && VOTES(claim) >= QUORUM)
/* Of the claims on the same tick; there are at most three. */
#define NTH(claim, n) (TICK(claim) * INSTANCES - INSTANCES + (n))
#define OTHER_MAJORITY(claim) ((NTH(claim, 0) != (claim) && HAS_MAJORITY(NTH(claim, 0))) \
  || (INSTANCES > 1 && NTH(claim, 1) != (claim) && HAS_MAJORITY(NTH(claim, 1))) \
  || (INSTANCES > 2 && NTH(claim, 2) != (claim) && HAS_MAJORITY(NTH(claim, 2))))

inline countVote() {
#ifdef CONTENDERS
  if :: givenUp & BIT(c) -> skip :: else -> ME.voted = ME.voted | BIT(c) fi
#else
  ME.voted = ME.voted | BIT(c)
#endif
}

/* Step 5: the vote. */
inline grant() {
  LEMMA((ME.voted & FROM(TICK(c)) & ~givenUp & ~BIT(c)) == 0); /* (A) */
  if :: givenUp & BIT(c) -> SOMETIMES(GRANT_TOO_LATE) :: else fi;
  if :: SEEN & OF(TICK(c)) & ~givenUp & ~BIT(c) -> SOMETIMES(CONTESTED) :: else fi;
#ifdef PRUNED_TO_NOTHING
  ME.before = ME.tick;
#else
  ME.before = NEWEST; /* what is given back returns to what has been forgotten, and not to nothing */
#endif
  setLine();
  ME.tick = TICK(c);
  ME.claim = ID(c);
  countVote();
  LEMMA((givenUp & BIT(c)) || VOTES(c) < QUORUM || !OTHER_MAJORITY(c));
  if :: ME.highest < reading -> ME.highest = reading :: else fi;
  printf("node %d votes at %d for claim %d (id %d) on tick %d\n", _pid, reading, c, ID(c), TICK(c))
}

#ifdef SAME_CLAIM_BEFORE_FLOOR
#define FLOOR_FIRST false
#else
#define FLOOR_FIRST true
#endif

inline quarantined() {
  if :: TICK(c) > ME.tick -> SOMETIMES(FLOOR_REFUSES) :: else fi;
  if :: ME.tick == TICK(c) && ME.claim == ID(c) -> SOMETIMES(STANDING_REFUSED) :: else fi
}

/* The claim script. A refusal changes nothing: it is no vote, as if the message had been lost. */
inline claimScript() {
  guard(); /* 1 */
  if
#ifndef NO_EARLY
  :: AT(TICK(c)) > reading + EARLY -> skip /* 2 early */
#endif
  :: else ->
     if
     :: FLOOR_FIRST && TICK(c) <= ME.floor -> quarantined() /* 3, also for the claim that stands */
     :: !(FLOOR_FIRST && TICK(c) <= ME.floor) && ME.tick == TICK(c) && ME.claim == ID(c) -> /* 4 the same claim: granted again */
        countVote()
     :: else ->
        if
#ifdef SAME_CLAIM_BEFORE_FLOOR
        :: TICK(c) <= ME.floor -> quarantined()
#endif
#ifdef OLDER_TICK
        :: TICK(c) > ME.floor && TICK(c) == ME.tick -> skip
#else
        :: TICK(c) > ME.floor && TICK(c) <= ME.tick -> skip /* taken */
#endif
#ifdef PRUNES
        :: IS_PRUNED(c) && TICK(c) > ME.floor && TICK(c) > ME.tick -> SOMETIMES(PRUNED_REFUSES)
#endif
        :: else -> grant() /* 5 */
        fi
     fi
  fi
}

/* The give-back script: the tick before, where that very claim stands. */
inline giveBackScript() {
  guard();
  if
#ifdef NO_COMPARE
  :: ME.tick == TICK(c) ->
#else
  :: ME.tick == TICK(c) && ME.claim == ID(c) ->
#endif
#ifdef PRUNES
     if :: ME.before > 0 && ME.before == ME.pruned -> SOMETIMES(GROWN_ANEW) :: else fi;
#endif
     ME.tick = ME.before; ME.claim = NOBODY;
     printf("node %d takes claim %d on tick %d back\n", _pid, c, TICK(c))
  :: else ->
     if :: ME.tick == TICK(c) && ME.claim != NOBODY -> SOMETIMES(OTHER_STANDS) :: else fi
  fi
}

active [NODES] proctype Server() provided (READY) {
end:
  do
  :: atomic { /* a claim arrives */
#ifdef REDUCED
       !ME.lost -> /* the beat below asks it at the worst reading */
#endif
       pickClaim();
       pickReading();
       pickMemory();
#ifdef REDUCED
       reading = AT(TICK(c)) - EARLY;
#endif
       d_step {
         if :: MUST_WAIT(c) -> skip :: else -> claimScript() fi;
         reduce()
       }
     }
  :: atomic { /* a give-back arrives */
       givenUp -> pickClaim();
       pickReading();
       pickMemory();
       d_step {
         if :: givenUp & BIT(c) -> giveBackScript() :: else -> guard() fi;
         reduce()
       }
     }
  :: atomic { /* a beat or a peek arrives: it matters only as the first question after a loss */
       ME.lost -> pickReading();
       pickMemory();
       d_step { guard(); reduce() }
     }
  :: d_step { /* the memory is lost: flushed, restarted empty, with memory or from an old file */
       losses > 0 && !ME.lost -> losses--;
       ME.lost = 1; ME.claim = NOBODY; ME.tick = 0; ME.before = 0; ME.floor = 0;
       forgetPruning();
       printf("node %d loses its memory\n", _pid);
       reduce()
     }
#ifdef PRUNES
  :: atomic { /* old lines go, up to any tick: that of the task, or that of another one */
       !ME.lost && ME.later == 0 -> i = 1;
       do :: i < TICKS -> i++ :: break od;
       d_step {
#if defined(PRUNED_LATER)
         ME.later = i;
#elif defined(PRUNED_LOWERED)
         ME.pruned = i;
#elif !defined(PRUNED_WITHOUT_FLOOR)
         if :: ME.pruned < i -> ME.pruned = i :: else fi;
#endif
         if
         :: ME.has && ME.tick <= i ->
            ME.has = 0; ME.claim = NOBODY; ME.tick = 0; ME.before = 0;
            printf("node %d forgets its line up to tick %d\n", _pid, i)
         :: else
         fi;
         reduce()
       }
     }
#ifdef PRUNED_LATER
  :: d_step {
       !ME.lost && ME.later > 0 ->
       if :: ME.pruned < ME.later -> ME.pruned = ME.later :: else fi;
       ME.later = 0;
       reduce()
     }
#endif
#endif
  :: atomic { /* nothing is lost, but the clock stands before `since`: the guard treats it alike */
       losses > 0 && !ME.lost -> losses--;
       pickFrom(0);
       d_step {
         raiseFloor();
#ifdef BOUND_FROM_STEP
         ME.highest = reading;
#endif
         reduce()
       }
     }
  od
}

inline giveUp() {
  givenUp = givenUp | BIT(c);
  printf("claim %d on tick %d is given up\n", c, TICK(c))
}

inline start() {
  printf("claim %d starts tick %d\n", c, TICK(c));
  twice = (started & OF(TICK(c)) -> 1 : 0);
  assert(!twice); /* the promise */
  started = started | BIT(c);
  i = 0;
  do
  :: i < NODES ->
     if :: HAS_VOTED(i, c) && (node[i].voted & OF(TICK(c)) & givenUp) -> SOMETIMES(GIVEN_TO_OTHER) :: else fi;
     i++
  :: else -> break
  od;
  if :: losses == 0 -> SOMETIMES(AFTER_LOSSES) :: else fi;
  if :: TICK(c) == TICKS && (started & OF(1)) -> SOMETIMES(BOTH_TICKS) :: else fi
}

#ifdef LATE_GRANT_COUNTS
#define MAY_START(claim) (!(started & BIT(claim)) && VOTES(claim) >= QUORUM)
#else
#define MAY_START(claim) (!((givenUp | started) & BIT(claim)) && VOTES(claim) >= QUORUM)
#endif

/* The owners of the claims: each starts its tick or gives it up, whatever it has heard by then. */
active proctype Instances() {
#ifdef CONTENDERS
  if
  :: givenUp = ALL & ~(BIT(0) | BIT(1))
#if TICKS > 1
  :: givenUp = ALL & ~(BIT(3) | BIT(4))
  :: givenUp = ALL & ~(BIT(0) | BIT(3))
#endif
#if TICKS > 2
  :: givenUp = ALL & ~(BIT(6) | BIT(7))
  :: givenUp = ALL & ~(BIT(0) | BIT(6))
  :: givenUp = ALL & ~(BIT(3) | BIT(6))
#endif
  fi;
#endif
end:
  do
  :: atomic {
       pickClaim();
       if
#ifndef CONTENDERS
       :: !((givenUp | started) & BIT(c)) -> d_step { giveUp(); reduce() }
#endif
       :: MAY_START(c) -> d_step { start(); reduce() }
       :: else -> c = 0
       fi
     }
  od
}
