/*
 * Run locks when a name comes to mean another server, for SPIN: what a request for a lock names, who refuses it, and the
 * quarantine that a vote begins. `npm run model` checks it (run-model.ts). identity.pml has the ids and the notes; here
 * position 0 is two servers, 0 and 1, and the notes about the second are made at some time by servers 2 and 3.
 *
 * What is claimed: no two instances trust their leases at the same time.
 *
 * The argument. A trusts by a renewal on a majority, B by a lock on another; they share a position. Where it is one server,
 * the lock of the one refuses the other. Where it is position 0, A renewed on server 0 and B has its lock from server 1.
 * A's renewal also had a vote of 2 or of 3, one that had not noted server 1 yet, for A names server 0. Server 1 got its vote after
 * both had noted it, and grants its first lock a time to live later: by then A's renewal is over.
 * What is left is A, whose lock is from server 2, before that noted server 1, and from server 0, later; and B, who had its own from
 * server 0 and 3 until then, and renews on 3 and 1, which makes its lock there. A starts nothing before its claim has passed, by the
 * names of its lock, and both 2 and 3 refuse it by then.
 *
 * How the real thing became finite:
 *
 *   time        Steps. A lock, a lease and a quarantine last TTL of them, by the same clock for all: that nodes' clocks may
 *               step is a stated limit. A lease counts from when its request was begun, a lock from when it was granted.
 *   requests    One at a time for each instance, to acquire or to renew, as it likes; a message takes any time, up to TTL.
 *               Which server of position 0 a request names is anything, whatever its instance may know: it is told, or
 *               guesses, or still believes. The new one may have been up for long: nothing but a vote begins its quarantine.
 *   ends        A run ends whenever it likes; its locks stay, or are released.
 *   renewals    Make a missing lock everywhere. That a ledger may refuse them is left out: they can do more here.
 *   left out    Presence, by which locks of the dead are freed earlier (its grace is shorter than the doubt). Losses of memory:
 *               a quarantine from the loss on, which is that of a vote.
 */

#ifndef TTL
#define TTL 2
#endif

#define SERVERS 4
#define OLD 0
#define NEW 1
#define NOBODY 0
#define LEFT_OVER 3 /* of an attempt that is over: each has a value of its own, and this one wins nothing any more */
/* What a request names for position 0; without a name it is not asked there, and not counted. */
#define NAMES_OLD 1
#define NAMES_NEW 2
#define NAMES_NONE 3

#define REFUSED_BY_NAME 2 /* a server refuses a renewal because it has noted the new one */
#define QUARANTINED 3     /* the new server has a vote, and would grant a lock but for its quarantine */
#define REVIVED 4         /* a renewal makes a lock anew in quarantine */
#define NEW_COUNTS 5      /* somebody trusts by a vote of the new server */
#define RENEWED_ON_OLD 6  /* somebody renews by a vote of the old server while the new one has been noted somewhere */
#define HEALED 7          /* a renewal makes a lock that is missing elsewhere */
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

byte holder[SERVERS];     /* NOBODY, 1, 2, or LEFT_OVER */
byte left[SERVERS];       /* of the lock's time to live */
bit noted[SERVERS];       /* knows the new server: 2 and 3 */
bit hasVote;              /* the new server */
byte quarantine;          /* of the new server, what is left of it */

/* Of instance 1 and 2, from 0. */
byte trust[2];            /* what is left of the lease */
bit asks[2];
bit renews[2];
byte age[2];              /* of the request */
byte names[2];
bit granted[2 * 3];       /* by position; a message that was refused may come once more */
bit byNew[2];             /* position 0 counts by the vote of the new server */

/* For one step only. */
byte i, s, votes;
bit flag;

#define POSITION(s) ((s) < 2 -> 0 : (s) - 1)
#define GRANTED(i, p) granted[(i) * 3 + (p)]
#ifdef ANY_OF_THE_OTHERS
#define ENOUGH_NOTES (noted[2] || noted[3])
#else
#define ENOUGH_NOTES (noted[2] && noted[3])
#endif

/* Servers 2 and 3 refuse one that names the old server once they have noted the new one: one of them has to let it pass. */
#ifdef CLAIM_NAMES_ANYTHING
#define CLAIM_PASSES(name) true
#else
#define CLAIM_PASSES(name) ((name) != NAMES_OLD || !noted[2] || !noted[3])
#endif

inline forget() { i = 0; s = 0; votes = 0; flag = 0 }

inline leaveOver() {
  s = 0;
  do
  :: s < SERVERS -> if :: holder[s] == i + 1 -> holder[s] = LEFT_OVER :: else fi; s++
  :: else -> break
  od
}

/* Nothing is left of a request that is over. */
inline clear() {
  asks[i] = 0; renews[i] = 0; age[i] = 0; names[i] = 0; byNew[i] = 0;
  GRANTED(i, 0) = 0; GRANTED(i, 1) = 0; GRANTED(i, 2) = 0
}

inline pick(variable, first, last) {
  variable = first;
  do :: variable < last -> variable++ :: break od
}

inline begin() {
  if
  :: !asks[i] ->
     asks[i] = 1;
     renews[i] = (trust[i] > 0);
     pick(names[i], NAMES_OLD, NAMES_NONE);
     printf("%d asks, naming %d\n", i + 1, names[i])
  :: else
  fi
}

/* Whether a request that names this is sent to the server at all. */
#define IS_ASKED(s, name) ((s) > NEW || ((s) == OLD && (name) == NAMES_OLD) || ((s) == NEW && (name) == NAMES_NEW))

inline arrive() {
#ifdef NAMES_ARE_MIXED
  /* The instance learns of the other server between two of its messages. */
  pick(names[i], NAMES_OLD, NAMES_NONE);
#endif
  flag = 0;
  if
#ifndef NAMES_ARE_NOT_LOOKED_AT
  :: s > NEW && noted[s] && names[i] == NAMES_OLD -> flag = 1; if :: asks[i] && renews[i] -> SOMETIMES(REFUSED_BY_NAME) :: else fi
#endif
#ifndef A_VOTE_IS_NOT_NEEDED
  :: s == NEW && !hasVote -> flag = 1
#endif
  :: else
  fi;
  if
  :: flag || !asks[i] || !IS_ASKED(s, names[i]) || (holder[s] != NOBODY && holder[s] != i + 1) -> skip
  :: else ->
     if
     :: holder[s] == NOBODY && !renews[i] && s == NEW && quarantine > 0 -> SOMETIMES(QUARANTINED)
#ifdef A_RENEWAL_MAKES_NO_LOCK
     :: holder[s] == NOBODY && renews[i] && !(s == NEW && quarantine > 0) -> skip
#endif
     :: else ->
        if :: s == NEW && holder[s] == NOBODY && renews[i] && quarantine > 0 -> SOMETIMES(REVIVED) :: else fi;
        if :: s == NEW && holder[s] == NOBODY && renews[i] && quarantine == 0 -> SOMETIMES(HEALED) :: else fi;
        if :: s == OLD && renews[i] && (noted[2] || noted[3]) -> SOMETIMES(RENEWED_ON_OLD) :: else fi;
        holder[s] = i + 1; left[s] = TTL; GRANTED(i, POSITION(s)) = 1;
        if :: s == NEW -> byNew[i] = 1 :: else fi;
        printf("server %d grants to %d\n", s, i + 1)
     fi
  fi
}

/* One of two servers at position 0 counts: the one that was named. */
inline conclude() {
  votes = GRANTED(i, 0) + GRANTED(i, 1) + GRANTED(i, 2);
  if
  /* A renewal counts only for as long as trust lasts. After a lock comes the claim, by the same names. */
  :: asks[i] && votes >= 2 && age[i] < TTL && (!renews[i] || trust[i] > 0) && (renews[i] || CLAIM_PASSES(names[i])) ->
     trust[i] = TTL - age[i];
     printf("%d trusts its lease for %d\n", i + 1, trust[i]);
     if :: byNew[i] -> SOMETIMES(NEW_COUNTS) :: else fi;
     clear();
     assert(!(trust[0] > 0 && trust[1] > 0))
  :: else
  fi
}

inline end() {
  if
  :: trust[i] > 0 && !asks[i] ->
     trust[i] = 0;
     if
     :: s = 0;
        do :: s < SERVERS -> if :: holder[s] == i + 1 -> holder[s] = NOBODY; left[s] = 0 :: else fi; s++ :: else -> break od
     :: leaveOver()
     fi;
     printf("the run of %d ends\n", i + 1)
  :: asks[i] && trust[i] == 0 ->
     clear();
     leaveOver();
     printf("%d gives its request up\n", i + 1)
  :: else
  fi
}

inline note() {
  if
  :: s > NEW && !noted[s] -> noted[s] = 1; printf("server %d notes the new one\n", s)
  :: else
  fi
}

inline vote() {
  if
  :: !hasVote && ENOUGH_NOTES ->
     hasVote = 1;
#ifndef A_VOTE_BEGINS_NO_QUARANTINE
     quarantine = TTL;
#endif
     printf("the new server votes\n")
  :: else
  fi
}

inline pass() {
  s = 0;
  do
  :: s < SERVERS ->
     if
     :: left[s] > 1 -> left[s]--
     :: left[s] == 1 -> left[s] = 0; holder[s] = NOBODY
     :: else
     fi;
     s++
  :: else -> break
  od;
  if :: quarantine > 0 -> quarantine-- :: else fi;
  i = 0;
  do
  :: i < 2 ->
     if :: asks[i] -> age[i]++ :: else fi;
     if
     :: trust[i] == 1 -> trust[i] = 0; clear(); leaveOver()
     :: trust[i] == 0 && asks[i] && age[i] == TTL -> clear(); leaveOver() /* a lock that comes now is worth nothing */
     :: trust[i] > 1 ->
        trust[i]--;
        if :: asks[i] && age[i] == TTL -> clear() :: else fi
     :: else
     fi;
     i++
  :: else -> break
  od;
  printf("time passes\n")
}

active proctype World() {
  do
  :: atomic { pick(i, 0, 1); begin(); forget() }
  :: atomic { pick(i, 0, 1); pick(s, 0, SERVERS - 1); arrive(); forget() }
  :: atomic { pick(i, 0, 1); conclude(); forget() }
  :: atomic { pick(i, 0, 1); end(); forget() }
  :: atomic { pick(s, 2, 3); note(); forget() }
  :: atomic { vote(); forget() }
  :: atomic { pass(); forget() }
  od
}
