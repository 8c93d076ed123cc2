/*
 * Renewals that make a missing lock again, for SPIN: a holder that nodes took for dead, though it lives, must not renew its lease once
 * a successor has won. `npm run model` checks it (run-model.ts). locks.pml has names that move; here no name does.
 *
 * What is claimed: no renewal that was begun after the successor had won succeeds; and none is refused by a ledger that knows no claim
 * but the holder's own.
 *
 * The argument. The successor won by claims on a majority of nodes, and each of them refuses a renewal that shows no such claim, whatever
 * lock stands there. A renewal needs a majority as well, and two majorities share a node.
 *
 * How the real thing became finite:
 *
 *   presence    A node frees the holder's lock whenever it likes.
 *   time        Left out: the holder trusts for as long as it likes, which is the worst it can do.
 *   requests    One renewal at a time; a message takes any time, may come twice, and comes after its renewal is over.
 *   claims      One of the successor, for a later instant; one of the holder, for the instant after that, which it makes under its lease
 *               as after a run with `buffer_one`.
 *   left out    Losses of memory. A holder that was taken for dead beside a node that forgot the successor's claim is a stated limit.
 */

#ifndef NODES
#define NODES 3
#endif
#define QUORUM (NODES / 2 + 1)

#define NOBODY 0
#define HOLDER 1
#define SUCCESSOR 2

#define MADE_AGAIN 1      /* a node makes a lock that is missing */
#define REFUSED_BY_CLAIM 2 /* a node refuses though nobody else has the lock there */
#define HEALED 3          /* the holder has its lock everywhere again, after a node had freed it */
#define STAYS_LOST 4      /* the successor has won and let go, and the holder is refused by a majority */
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

byte holder[NODES];       /* of the lock */
byte newest[NODES];       /* whose claim the ledger knows last: NOBODY for that by which the holder runs */

bit renews;               /* a renewal is under way */
bit begunAfterWin;
bit answered[NODES];
bit extended[NODES];
bit wasFreed;

bit wants;                /* the successor bids */
bit claims;               /* with the lock of a majority in hand */
bit hasWon;
bit isOver;               /* its run has ended */
bit ownClaim;             /* the holder has claimed the next tick */

byte n, votes;

inline pickNode() { n = 0; do :: n < NODES - 1 -> n++ :: break od }

#define COUNT(array, value) \
  votes = 0; n = 0; \
  do \
  :: n < NODES -> if :: array[n] == value -> votes++ :: else fi; n++ \
  :: else -> break \
  od

inline free() {
  if :: holder[n] == HOLDER -> holder[n] = NOBODY; wasFreed = 1; printf("node %d takes the holder for dead\n", n) :: else fi
}

inline begin() {
  if
  :: !renews ->
     renews = 1; begunAfterWin = hasWon;
     n = 0; do :: n < NODES -> answered[n] = 0; extended[n] = 0; n++ :: else -> break od
  :: else
  fi
}

#ifdef NO_LOOK_AT_CLAIMS
#define IS_SUCCEEDED false
#else
#ifdef LOOK_WHERE_THE_LOCK_IS_GONE
#define IS_SUCCEEDED (newest[n] == SUCCESSOR && holder[n] == NOBODY)
#else
#ifdef OWN_CLAIMS_ARE_NOT_SHOWN
#define IS_SUCCEEDED (newest[n] != NOBODY)
#else
#define IS_SUCCEEDED (newest[n] == SUCCESSOR)
#endif
#endif
#endif

/* A message of a renewal, also of one that is over. */
inline arrive() {
  if
  :: holder[n] == SUCCESSOR -> if :: renews -> answered[n] = 1 :: else fi
  :: else ->
     if
     :: IS_SUCCEEDED ->
        assert(newest[n] == SUCCESSOR);
        SOMETIMES(REFUSED_BY_CLAIM);
        if :: renews -> answered[n] = 1 :: else fi
     :: else ->
#ifdef MAKES_NO_LOCK
        if
        :: holder[n] == HOLDER && renews -> answered[n] = 1; extended[n] = 1
        :: else
        fi
#else
        if :: holder[n] == NOBODY -> SOMETIMES(MADE_AGAIN) :: else fi;
        holder[n] = HOLDER;
        if :: renews -> answered[n] = 1; extended[n] = 1 :: else fi;
        if
        :: wasFreed && holder[0] == HOLDER && holder[1] == HOLDER && holder[NODES - 1] == HOLDER -> SOMETIMES(HEALED)
        :: else
        fi
#endif
     fi
  fi
}

inline conclude() {
  COUNT(extended, 1);
  if
  :: renews && votes >= QUORUM ->
     assert(!begunAfterWin);
     renews = 0
  :: renews && votes < QUORUM ->
     COUNT(answered, 1);
     if
     :: votes == NODES -> if :: begunAfterWin && isOver -> SOMETIMES(STAYS_LOST) :: else fi; renews = 0
     :: else
     fi
  :: else
  fi
}

inline acquire() {
  if :: wants && !isOver && holder[n] == NOBODY -> holder[n] = SUCCESSOR; printf("node %d locks for the successor\n", n) :: else fi
}

inline claim() {
  COUNT(holder, SUCCESSOR);
  if :: wants && votes >= QUORUM -> claims = 1 :: else fi
}

/* The holder's own claim is for a later instant, so a node that has it grants the older one to nobody. */
inline grant() {
  if :: claims && !isOver && newest[n] == NOBODY -> newest[n] = SUCCESSOR :: else fi
}

inline win() {
  COUNT(newest, SUCCESSOR);
  if :: votes >= QUORUM && !hasWon -> hasWon = 1; printf("the successor wins\n") :: else fi
}

inline claimNext() {
  if :: !hasWon && (newest[n] == NOBODY || newest[n] == SUCCESSOR) && !claims -> newest[n] = HOLDER; ownClaim = 1 :: else fi
}

inline release() {
  if :: hasWon -> isOver = 1 :: else fi;
  if :: isOver && holder[n] == SUCCESSOR -> holder[n] = NOBODY :: else fi
}

init {
  atomic {
    n = 0; do :: n < NODES -> holder[n] = HOLDER; n++ :: else -> break od; n = 0;
    /* A node may have missed the request for the lock. */
    if :: holder[NODES - 1] = NOBODY :: skip fi;
    wants = 1
  }
  do
  :: atomic { pickNode(); free(); n = 0; votes = 0 }
  :: atomic { begin(); n = 0; votes = 0 }
  :: atomic { pickNode(); arrive(); n = 0; votes = 0 }
  :: atomic { conclude(); n = 0; votes = 0 }
  :: atomic { pickNode(); acquire(); n = 0; votes = 0 }
  :: atomic { claim(); n = 0; votes = 0 }
  :: atomic { pickNode(); grant(); n = 0; votes = 0 }
  :: atomic { win(); n = 0; votes = 0 }
  :: atomic { pickNode(); claimNext(); n = 0; votes = 0 }
  :: atomic { pickNode(); release(); n = 0; votes = 0 }
  od
}
