/*
 * What forgetting must not cost, for SPIN: one node that forgets old lines (prunable-lines.ts, pruning.ts), its clock, which goes forward,
 * and two instances with windows of their own. tick.pml, with -DPRUNES, shows that forgetting doubles nothing whatever the windows
 * are; here they are right, and
 *
 *   (L) what an instance may claim by its window, and nobody has claimed, the node grants. So does it whatever is claimed in a line that
 *       stands, however old: the end of a long run comes when it comes.
 *   (S) what was granted once is refused, with the line or without.
 *
 * Task 0 is one whose line may go, task 1 one whose line stays. An instance claims only after it has told its window: a node's floor lies
 * a day back, and instances tell within minutes. Nothing is given back and no memory is lost: that is tick.pml's.
 */
#ifndef END
#define END 7
#endif
#define TASKS 2
#define SHORT 1
#define LONG 3
/* An instance tells a little more than its window: time goes on until it tells it again, and its last ms counts. */
#ifdef NO_SLACK
#define SLACK 0
#else
#define SLACK 1
#endif

/* With -DREACH=name, getting there is reported as an error. */
#define FORGOTTEN 1     /* a line goes */
#define GRANTED_ANEW 2  /* a task whose line went is granted a later instant */
#define REFUSED_SINCE 3 /* an instant is refused by what is left of a line that went */
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

byte now = 1;
bit has[TASKS];
byte newest[TASKS];
byte pruned, window;
/* For the proof: the newest instant that was ever granted, and whether a line went. */
byte granted[TASKS];
bit went;
byte x, instant, own, upTo;

#define REFUSES(task, at) (has[task] -> ((at) <= newest[task] || BARS_ALL(at)) : BARS(task, at))
#ifdef COUNTS_FOR_ALL
#define BARS_ALL(at) ((at) <= pruned)
#else
#define BARS_ALL(at) false
#endif
#define BARS(task, at) ((at) <= pruned)

inline pick() {
  if :: x = 0 :: x = 1 fi;
  if :: own = SHORT :: own = LONG fi;
  instant = 1;
  do :: instant < now -> instant++ :: break od
}

inline grant() {
  if :: x == 0 && went && !has[0] -> SOMETIMES(GRANTED_ANEW) :: else fi;
  has[x] = 1; newest[x] = instant; granted[x] = instant
}

active proctype World() {
  window = LONG + SLACK;
  do
  :: now < END -> now++
  :: atomic { /* an instance claims what its window allows */
       pick();
       if
       :: instant + own >= now && instant > granted[x] ->
          assert(!REFUSES(x, instant)); /* (L) */
          grant()
       :: instant <= granted[x] ->
          if :: !has[x] -> SOMETIMES(REFUSED_SINCE) :: else fi;
          assert(REFUSES(x, instant)) /* (S) */
       :: else
       fi;
       x = 0; instant = 0; own = 0
     }
  :: atomic { /* a run that has taken long ends, in a line that stands */
       pick();
       if
       :: has[x] && instant > granted[x] -> assert(!REFUSES(x, instant)); grant()
       :: else
       fi;
       x = 0; instant = 0; own = 0
     }
  :: atomic { /* an instance has old lines forgotten */
       if :: own = SHORT + SLACK :: own = LONG + SLACK fi;
#ifdef LAST_TOLD
       window = own;
#else
       if :: own > window -> window = own :: else fi;
#endif
       upTo = (now > window -> now - window : 0);
       if
       :: has[0] && newest[0] <= upTo ->
          SOMETIMES(FORGOTTEN);
          if :: pruned < upTo -> pruned = upTo :: else fi;
          has[0] = 0; newest[0] = 0; went = 1
       :: else
       fi;
       own = 0; upTo = 0
     }
  od
}
