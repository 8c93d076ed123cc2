/*
 * One claim in several copies, for SPIN: resends, lost answers, deadlines in node time and give-backs that are kept until
 * they are confirmed. `npm run model` checks it (run-model.ts). tick.pml lets owners give up whenever they like, and does
 * not ask whether a claim that was given up ever leaves the nodes. Here it must.
 *
 * What is claimed: x and y never both win; where a give-back is confirmed, the claim never stands again; and in every
 * state from which nothing more can happen, the tick was won by x or y, and where x was given up, each node that lives
 * has confirmed it (SPIN reports any other such state as an invalid end).
 *
 * The argument. A copy of x is applied before its deadline or refused. So once a node has applied a give-back of x at a
 * time past the latest deadline of all copies, x does not stand there and never will: that answer confirms. Where every
 * copy was answered before the give-back was sent, none is left to be applied: any answer confirms. No other answer does,
 * neither "nothing there" nor "given back": a copy on the old connection may follow. The owner asks until it is confirmed,
 * so x leaves all nodes that live, and y finds them free.
 *
 * How the real thing became finite:
 *
 *   network     A copy, a give-back or an answer takes any time. When the connection breaks, what was under way may still be
 *               applied, or not; its answer is lost. Two connections may each have a copy. No order between messages.
 *   time        A node's clock only goes forward here (that it may not is tick.pml's affair, and costs a refusal). The owner
 *               knows it badly: the deadline of a copy is anything, also one that has passed, at most LATEST.
 *   y           Another owner's claim. It is sent again and again, and does not give up.
 *   memory      With -DLOSSES a node forgets: it has another id, finds nothing or an old file, and its floor covers the tick if it
 *               may have voted for it before (tick.pml). A copy names the id that its owner knew, the present one or an older one.
 *   left out    Clocks that step back (tick.pml), several servers at one position (identity.pml).
 */
#ifndef N
#define N 3
#endif
#ifndef LIVING
#define LIVING N  /* the first ones; the others never do anything */
#endif
#ifndef BREAKS
#define BREAKS 2  /* connections that end */
#endif
#ifndef LATEST
#define LATEST 1  /* the last deadline; clocks go one further */
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#define QUORUM (N / 2 + 1)

/* Of a copy */
#define UNSENT 0
#define UNDER_WAY 1
#define CUT_OFF 2      /* under way on a connection that has ended */
#define GRANTING 3     /* the answer is under way */
#define REFUSING 4
#define GRANTED 5      /* answered */
#define REFUSED 6
#define GONE 7         /* applied or lost, and no answer will come */

/* Of a give-back: NONE, or */
#define NONE 0
#define BACK_UNDER_WAY 1
#define BACK_ANSWERED 2 /* the answer is under way */

#define FREE 0
#define X 1
#define Y 2

#define STALE_COPY 1       /* a copy is applied after a give-back */
#define TOO_LATE 2         /* the deadline refuses a copy */
#define UNCONFIRMED 3      /* a give-back is answered and confirms nothing */
#define RESEND_WINS 4      /* x wins with the answer to a resend whose first copy has no answer */
#define TWICE_GRANTED 5    /* both copies are granted */
#define Y_AFTER_X 6        /* y wins with a node that had voted for x */
#define RENAMED 7          /* a copy names a memory that is gone */
#define WINS_RENAMED 8     /* x wins by a resend that names the new memory */
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

typedef Node {
  unsigned first : 3;        /* copies of x */
  unsigned second : 3;
  unsigned firstUntil : 2;   /* their deadlines */
  unsigned secondUntil : 2;
  unsigned back : 2;         /* the give-back on the present connection */
  unsigned answeredAt : 2;   /* the node's time in its answer */
  unsigned waitsFor : 2;     /* the latest deadline + 1 of the copies without an answer when it was sent; 0: none was */
  bit straggler;             /* a give-back on a connection that has ended */
  bit sent;                  /* a give-back was sent on the present connection */
  bit confirmed;
  unsigned clock : 2;
  unsigned stands : 2;
  bit wasX;
  bit voted;                 /* for x or y, ever */
  bit covers;                /* its floor covers the tick */
  unsigned id : 2;
  unsigned firstNames : 2;
  unsigned secondNames : 2
}
Node node[N];
bit open = 1, won, yWon, gaveUp;
byte breaks = BREAKS, losses = LOSSES;

#define ME node[_pid]
#define UNANSWERED(copy) ((copy) == UNDER_WAY || (copy) == CUT_OFF || (copy) == GRANTING || (copy) == REFUSING || (copy) == GONE)
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define UNTIL(copy, until) (UNANSWERED(copy) -> (until) + 1 : 0)
#ifdef DEADLINE_OF_LAST_COPY
#define OPEN_UNTIL (ME.second == UNSENT -> UNTIL(ME.first, ME.firstUntil) : UNTIL(ME.second, ME.secondUntil))
#else
#define OPEN_UNTIL MAX(UNTIL(ME.first, ME.firstUntil), UNTIL(ME.second, ME.secondUntil))
#endif

/* Which answers of a give-back confirm it. */
#if defined(ANY_ANSWER_CONFIRMS)
#define CONFIRMS true
#elif defined(LOOKED_AT_ON_ANSWER)
/* Which copies have no answer is looked at when the give-back is answered, not when it was sent. */
#define CONFIRMS (ME.answeredAt >= OPEN_UNTIL)
#else
#define CONFIRMS (ME.answeredAt >= ME.waitsFor)
#endif

#define HAS(n) (node[n].first == GRANTED || node[n].second == GRANTED)
#define STANDS_Y(n) (node[n].stands == Y)
#define CONFIRMED(n) (n >= LIVING || node[n].confirmed)
#if N == 1
#define VOTES HAS(0)
#define Y_VOTES STANDS_Y(0)
#define ALL_CONFIRMED CONFIRMED(0)
#define WAS_X (node[0].wasX && STANDS_Y(0))
#elif N == 3
#define VOTES (HAS(0) + HAS(1) + HAS(2))
#define Y_VOTES (STANDS_Y(0) + STANDS_Y(1) + STANDS_Y(2))
#define ALL_CONFIRMED (CONFIRMED(0) && CONFIRMED(1) && CONFIRMED(2))
#define WAS_X ((node[0].wasX && STANDS_Y(0)) || (node[1].wasX && STANDS_Y(1)) || (node[2].wasX && STANDS_Y(2)))
#endif
/* Where the floor covers the tick nobody gets it any more: what is left is to take x back. */
#define IS_LOST (N == 1 && node[0].covers)
#define DONE (won || ((yWon || IS_LOST) && gaveUp && ALL_CONFIRMED))

#ifdef SENT_AFTER_GIVE_BACK
#define MAY_SEND (!won && !yWon)
#else
#define MAY_SEND open
#endif
#ifdef NO_DEADLINE
#define IN_TIME(until) true
#else
#define IN_TIME(until) (ME.clock <= (until))
#endif

#ifdef GIVEN_BACK_ONCE
#define AGAIN false
#else
#define AGAIN (ME.clock >= OPEN_UNTIL)
#endif

/* The node applies a copy. */
#ifdef NAMES_ARE_NOT_LOOKED_AT
#define IS_MEANT(names) true
#else
#define IS_MEANT(names) ((names) == ME.id)
#endif
inline apply(copy, until, names) {
  if
  :: copy == CUT_OFF -> answer = GONE
  :: else -> answer = REFUSING
  fi;
  if
  :: IS_MEANT(names) && !ME.covers && (ME.stands == X || (ME.stands == FREE && IN_TIME(until))) ->
     ME.stands = X;
     if :: copy != CUT_OFF -> answer = GRANTING :: else fi;
     ME.wasX = 1; ME.voted = 1;
#ifndef ONLY_LOST_TICKS
     assert(!ME.confirmed); /* it would stand for good */
#endif
     if :: ME.sent || ME.straggler -> SOMETIMES(STALE_COPY) :: else fi
  :: else ->
     if :: !IS_MEANT(names) -> SOMETIMES(RENAMED) :: IS_MEANT(names) && ME.stands == FREE && !ME.covers -> SOMETIMES(TOO_LATE) :: else fi
  fi;
  copy = answer; answer = 0;
  printf("node %d at %d applies a copy of x: %e stands\n", _pid, ME.clock, ME.stands)
}
byte answer;

inline takeBack() {
  if :: ME.stands == X -> ME.stands = FREE :: else fi;
  printf("node %d at %d applies a give-back\n", _pid, ME.clock)
}


active [LIVING] proctype Link() {
  do
  :: DONE -> break

  /* the owner of x */
  :: atomic {
       MAY_SEND && ME.first == UNSENT -> skip;
       d_step { ME.first = UNDER_WAY };
       do :: ME.firstNames < ME.id -> ME.firstNames = ME.firstNames + 1 :: break od;
       do :: ME.firstUntil < LATEST -> ME.firstUntil = ME.firstUntil + 1 :: break od;
       printf("a copy of x is sent to node %d until %d\n", _pid, ME.firstUntil)
     }
  :: atomic {
       MAY_SEND && ME.first != UNSENT && ME.second == UNSENT -> skip;
       d_step { ME.second = UNDER_WAY };
       do :: ME.secondNames < ME.id -> ME.secondNames = ME.secondNames + 1 :: break od;
       do :: ME.secondUntil < LATEST -> ME.secondUntil = ME.secondUntil + 1 :: break od;
       printf("another copy of x is sent to node %d until %d\n", _pid, ME.secondUntil)
     }
  :: d_step { ME.first == GRANTING -> ME.first = GRANTED }
  :: d_step { ME.first == REFUSING -> ME.first = REFUSED }
  :: d_step { ME.second == GRANTING -> ME.second = GRANTED }
  :: d_step { ME.second == REFUSING -> ME.second = REFUSED }
  :: d_step {
       gaveUp && !ME.confirmed && ME.back == NONE && (!ME.sent || AGAIN) ->
       ME.back = BACK_UNDER_WAY; ME.sent = 1; ME.waitsFor = OPEN_UNTIL;
       printf("a give-back is sent to node %d\n", _pid)
     }
  :: d_step {
       ME.back == BACK_ANSWERED ->
       ME.back = NONE;
       if
       :: CONFIRMS ->
          ME.confirmed = 1;
          printf("node %d has confirmed the give-back\n", _pid);
#ifndef ONLY_LOST_TICKS
          assert(ME.stands != X || ME.covers)
#endif
       :: else -> SOMETIMES(UNCONFIRMED)
       fi;
       ME.answeredAt = 0; ME.waitsFor = 0
     }

  /* the node */
  :: d_step { ME.first == UNDER_WAY || ME.first == CUT_OFF -> apply(ME.first, ME.firstUntil, ME.firstNames) }
  :: d_step { ME.second == UNDER_WAY || ME.second == CUT_OFF -> apply(ME.second, ME.secondUntil, ME.secondNames) }
  :: d_step { ME.back == BACK_UNDER_WAY -> takeBack(); ME.back = BACK_ANSWERED; ME.answeredAt = ME.clock }
  :: d_step { ME.straggler -> takeBack(); ME.straggler = 0 }
  :: d_step { ME.clock <= LATEST -> ME.clock++ }
  :: d_step {
       ME.stands == FREE && !ME.covers && !yWon && !won -> ME.stands = Y; ME.voted = 1;
       printf("node %d votes for y\n", _pid)
     }

  :: atomic { /* it forgets */
       losses > 0 && !won && !yWon -> losses--;
       ME.id++;
       if :: ME.voted -> ME.covers = 1 :: !ME.voted -> skip :: !ME.voted -> ME.covers = 1 fi;
       if :: ME.stands = FREE :: ME.wasX -> ME.stands = X /* an old file */ fi;
       printf("node %d forgets (floor covers the tick: %d)\n", _pid, ME.covers)
     }

  /* the network */
  :: d_step { ME.first == CUT_OFF -> ME.first = GONE }
  :: d_step { ME.second == CUT_OFF -> ME.second = GONE }
  :: d_step { ME.straggler -> ME.straggler = 0 }
  :: d_step {
       breaks > 0 && !ME.confirmed && (ME.first != UNSENT || ME.sent) ->
       breaks--;
       if :: ME.first == UNDER_WAY -> ME.first = CUT_OFF :: ME.first == GRANTING || ME.first == REFUSING -> ME.first = GONE :: else fi;
       if :: ME.second == UNDER_WAY -> ME.second = CUT_OFF :: ME.second == GRANTING || ME.second == REFUSING -> ME.second = GONE :: else fi;
       if :: ME.back == BACK_UNDER_WAY -> ME.straggler = 1 :: else fi;
       ME.back = NONE; ME.answeredAt = 0; ME.waitsFor = 0;
#ifndef GIVEN_BACK_ONCE
       ME.sent = 0;
#endif
       printf("the connection to node %d ends\n", _pid)
     }
  od
}

active proctype Owners() {
  do
  :: DONE -> break
  :: d_step {
#ifdef SENT_AFTER_GIVE_BACK
       !won && VOTES >= QUORUM ->
#else
       open && VOTES >= QUORUM ->
#endif
       won = 1; open = 0;
       printf("x wins\n");
       assert(!yWon);
       if :: node[0].second == GRANTED && node[0].secondNames > 0 -> SOMETIMES(WINS_RENAMED) :: else fi;
       if :: (node[0].first == GONE && node[0].second == GRANTED) -> SOMETIMES(RESEND_WINS) :: else fi;
       if :: node[0].first == GRANTED && node[0].second == GRANTED -> SOMETIMES(TWICE_GRANTED) :: else fi
     }
  :: d_step {
       open -> open = 0; gaveUp = 1;
       printf("x is given up\n")
     }
  :: d_step {
       !yWon && Y_VOTES >= QUORUM ->
       yWon = 1;
       printf("y wins\n");
       assert(!won);
       if :: WAS_X -> SOMETIMES(Y_AFTER_X) :: else fi
     }
  od
}
