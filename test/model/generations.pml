/*
 * The set of nodes changes by generations, for SPIN: 3 nodes, then 4, then 5. `npm run model` checks it (run-model.ts). The
 * rules are those of decide-set.ts (`newer`, `empty`) and of the claim script: a node votes for the generation on its record.
 *
 * What is claimed: of the claims of two generations that follow each other at most one wins a tick, whatever the nodes forget,
 * in whatever order they are stamped, and however long instances of the older generation go on.
 *
 * The argument. The sets differ by one node, so a majority of one meets every majority of the other. The node that both count has
 * given one vote: its entry stays when it is stamped anew, and a floor stands for it when it has forgotten.
 *
 * How the real thing became finite:
 *
 *   claims      One per generation on one tick, never given up, that may arrive at any time (tick.pml has the rest).
 *   instances   Anybody may stamp at any time what the rules allow, seeing any majority of his nodes and no others.
 *   floors      One bit: covers the tick. So has a stamp: does the instant since when it stands?
 *   left out    Ids (identity.pml has a change of the set for notes: OLD_N), sets of one generation that do not meet (sets.pml).
 */
#ifndef FIRST_SIZE
#define FIRST_SIZE 3
#endif
#ifndef STEP
#define STEP 1          /* nodes that one generation has more than the one before */
#endif
#ifndef GENERATIONS
#define GENERATIONS 2
#endif
#ifndef FORGETS
#define FORGETS 2
#endif
#define SIZE(g) (FIRST_SIZE + ((g) - 1) * STEP)
#define NODES SIZE(GENERATIONS)
#define QUORUM(g) (SIZE(g) / 2 + 1)
/* quorum(a) + quorum(b) > |a and b together|, of which the later one is the larger */
#define MEET(a, b) (QUORUM(a) + QUORUM(b) > ((a) > (b) -> SIZE(a) : SIZE(b)))

#define TAKEN_ELSEWHERE 1  /* a claim of the newer generation meets the vote for one of the older */
#define OLDER_WINS 2       /* the older generation wins when the newer one stands at some node */
#define NEWER_WINS 3
#define EMPTY_AGAIN 4      /* a node that forgot is stamped again */
#define OUTDATED 5         /* a claim of the older generation is refused */
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

typedef Node {
  unsigned stamp : 2;      /* generation; 0: none */
  unsigned entry : 2;
  bit covers;
  bit carries;
  unsigned voted : 4       /* bits, by generation */
}
Node node[NODES];
byte won, forgets = FORGETS, ended;
byte g, n, m, have, newer, grants, clean;
bit stands;

inline forgetLocals() { g = 0; n = 0; m = 0; have = 0; newer = 0; grants = 0; clean = 0; stands = 0 }
inline pick(variable, least, limit) {
  variable = least;
  do :: variable < (limit) - 1 -> variable++ :: break od
}

inline claim() {
  if
  :: n < SIZE(g) && node[n].stamp == g && node[n].entry == 0 && !node[n].covers ->
     node[n].entry = g; node[n].voted = node[n].voted | (1 << g);
     have = 0; stands = 0; m = 0;
     do
     :: m < SIZE(g) -> have = have + ((node[m].voted >> g) & 1); if :: node[m].stamp > g -> stands = 1 :: else fi; m++
     :: else -> break
     od;
     printf("node %d votes for the claim of generation %d\n", n, g);
     if
     :: have >= QUORUM(g) ->
        won = won | (1 << g);
        printf("generation %d wins\n", g);
        if :: stands -> SOMETIMES(OLDER_WINS) :: else fi;
        if :: g > 1 -> SOMETIMES(NEWER_WINS) :: else fi;
        assert((won & (won - 1)) == 0)
     :: else
     fi
  :: n < SIZE(g) && node[n].stamp == g && node[n].entry != 0 && node[n].entry != g -> SOMETIMES(TAKEN_ELSEWHERE)
  :: n < SIZE(g) && node[n].stamp > g -> SOMETIMES(OUTDATED)
  :: else
  fi
}

/*
 * An instance of generation g has seen a majority of its nodes, this one among them, and none that is newer. Its stamp stands since
 * the last instant that it knows of: the worst majority is taken.
 */
inline putStamp() {
  newer = 0; grants = 0; stands = 0; clean = 0; m = 0;
  do
  :: m < SIZE(g) ->
     if :: node[m].stamp > g -> newer++ :: else fi;
     if :: node[m].stamp == g -> stands = 1; if :: !node[m].carries -> clean = 1 :: else fi :: else fi;
     if :: node[m].stamp < g && node[m].stamp > 0 && node[m].entry != 0 -> grants++ :: else fi;
     m++
  :: else -> break
  od;
  if
  :: n < SIZE(g) && node[n].stamp < g && SIZE(g) - newer >= QUORUM(g) && (stands || node[n].stamp > 0) ->
     if :: node[n].stamp == 0 && n < FIRST_SIZE -> SOMETIMES(EMPTY_AGAIN) :: else fi;
     if
     :: stands -> node[n].carries = !clean
     :: else -> node[n].carries = (SIZE(g) - newer - grants < QUORUM(g) -> 1 : 0)
     fi;
     if
     :: node[n].stamp == 0 || !MEET(node[n].stamp, g) ->
        if :: node[n].carries || node[n].entry != 0 -> node[n].covers = 1 :: else fi
     :: else
     fi;
#ifdef STAMPS_FORGET_VOTES
     node[n].entry = 0;
#endif
     node[n].stamp = g;
     printf("node %d is stamped with generation %d\n", n, g)
  :: else
  fi
}

/* Whether generation g may begin: the roll of the one before is finished. */
inline judgeTurn() {
  have = 0; m = 0;
#ifdef NOT_IN_TURN
  have = SIZE(g - 1);
#else
  do :: m < SIZE(g - 1) -> if :: node[m].stamp >= g - 1 -> have++ :: else fi; m++ :: else -> break od;
#endif
  stands = (have >= QUORUM(g - 1) -> 1 : 0); m = 0
}

active proctype World() {
  d_step {
    n = 0;
    do :: n < NODES -> if :: n < FIRST_SIZE -> node[n].stamp = 1 :: else fi; n++ :: else -> break od;
    forgetLocals()
  }
  do
  :: atomic { pick(g, 1, GENERATIONS + 1); pick(n, 0, NODES); skip; d_step { claim(); forgetLocals() } }
  :: atomic {
       pick(g, 1, GENERATIONS + 1); pick(n, 0, NODES); skip;
       d_step {
         stands = 1;
         if :: g > 1 -> judgeTurn() :: else fi;
         if :: stands -> putStamp() :: else fi;
         forgetLocals()
       }
     }
  :: atomic {
       forgets > 0 -> pick(n, 0, NODES); skip;
       d_step {
         forgets--;
#ifndef NO_FLOOR
         if :: node[n].entry != 0 -> node[n].covers = 1 :: else fi;
#endif
         node[n].entry = 0; node[n].stamp = 0; node[n].carries = 0;
         printf("node %d forgets\n", n);
         forgetLocals()
       }
     }
  od
}
