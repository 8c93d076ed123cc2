/*
 * Which server is meant by a node, for SPIN: ids, notes, renumbering and the refusal of claims that name old ids.
 * `npm run model` checks it (run-model.ts). tick.pml has one server behind each position; here a position is swapped
 * for another server while the old one lives on and keeps its connections ("fork"), or its server loses its memory.
 *
 * What is claimed: of two claims on one tick at most one wins; and from every state, when each address leads everybody
 * to one server again, all positions get a vote (-DLIVENESS).
 *
 * The argument. x wins with the votes of a majority that includes server a of position p; y with server a' of p, and a'
 * is the newer id. a' voted only after f + 1 of the other 2f positions had noted it, so one of the noters, q, is in x's
 * majority. Either q's vote for x came after its note: it was refused, because x names a. Or it came before: then q's
 * note says a time that is not before the tick, and a' raised its floor to it, so it refuses y. What is left is that q
 * is two servers itself, the one that voted and the one that noted. That is what void notes are about.
 *
 * How the real thing became finite, in each case by allowing more than can happen:
 *
 *   claims      Two claims on one tick, neither given up: tick.pml has the rest. A claim wins by a copy that names
 *               exactly the majority it counts, chosen at the start; naming more only refuses more. All its other
 *               copies, under whatever other names, may reach a voting server at any time, and may leave its vote.
 *   instances   Anybody may send any message at any time. What is asked of noters is one note each; the answer is lost, or
 *               kept for as long as one likes, and a later one of the same noter is only stronger, so it is left out.
 *   time        Only three readings matter: too low for the tick (a floor raised now does not cover it), high enough
 *               for the floor, high enough to vote. A node's clock shows anything, with the one assumption of tick.pml:
 *               a server that is first asked at a position covers every tick that the position voted for before.
 *               So a floor, and the time in a note, is one bit: does it cover the tick?
 *   memory      A new server finds nothing; or what a server of the position has now (a promoted replica, a restart
 *               with memory); or what it had at the beginning (an old file). Its id is the stored counter + 1.
 *   left out    Stamps and sets (sets.pml), give-backs and resends (resends.pml). Beats and the refusal of notes while
 *               an old id is in use: any pause defeats it, so safety must not rest on it; it is in -DLIVENESS.
 */

#ifndef N
#define N 3
#endif
#ifndef LIVES
#define LIVES 3 /* servers of a position, one after the other or side by side */
#endif
#ifndef FORKS
#define FORKS 1 /* how often a position is swapped while the old server lives */
#endif
#ifndef LOSSES
#define LOSSES 1 /* how often a server loses its memory; the server that it was is gone */
#endif
#ifndef TOLERATED
#define TOLERATED ((N - 1) / 2) /* positions in doubt at one time, while any old server lives beside a new one */
#endif
#ifndef HIGHEST
#define HIGHEST 4 /* counter, as far as it is searched */
#endif
#ifndef FAULTS_AT
#define FAULTS_AT ((1 << N) - 1) /* bits: the positions at which there are faults */
#endif
#ifdef ONLY_EMPTY /* a new server finds nothing: no promoted replica, no old file */
#define SOURCES 1
#else
#define SOURCES (LIVES + 1)
#endif
#ifdef LIVENESS
#define LIMIT (isHealed -> HIGHEST + 3 : HIGHEST) /* and some are left for the time after the faults */
#else
#define LIMIT HIGHEST
#endif

/* Positions from 0. Old and new set of a change: the first OLD_N, and all N. Without a change both are all. */
#ifndef OLD_N
#define OLD_N N
#endif
#define QUORUM(n) ((n) / 2 + 1)
#ifdef NOTED_BY_F
#define NEEDED(n) (QUORUM(n) - 1)
#endif
#ifndef NEEDED
#define NEEDED(n) QUORUM(n)
#endif

#define SERVERS (N * LIVES)
#define SERVER(p, k) ((p) * LIVES + (k))
#define POSITION(s) ((s) / LIVES)
#define LIFE(s) ((s) % LIVES)

/* An id is <counter>.<nonce>, and the nonce is the number of the life. 0: none. */
#define ID_OF(counter, k) ((counter) * LIVES + (k) + 1)
#define COUNTER(id) (((id) - 1) / LIVES)
#ifdef CONFLICTS_PASS
#define RULES_OUT(known, named) ((known) != 0 && COUNTER(known) > COUNTER(named))
#else
#define RULES_OUT(known, named) ((known) != 0 && (known) != (named) && COUNTER(known) >= COUNTER(named))
#endif
#ifdef CONFLICTS_KEEP_NOTES
#define VOIDS(known, noter) ((known) != 0 && COUNTER(known) > COUNTER(noter))
#else
#define VOIDS(known, noter) RULES_OUT(known, noter)
#endif

#define NOTED_LATE 1       /* q noted a' after it had voted for a claim that names a */
#define REFUSED_BY_NAME 2  /* a claim is refused because it names an old id of another position */
#define COVERED_BY_NOTE 3  /* a floor covers the tick only because of the time in a note */
#define VOID_NOTE 4        /* a note is void */
#define RENUMBERED 5       /* an id that is not newer is renumbered */
#define NEW_WINS 6         /* a claim wins with a server that was not there at first */
#define OLD_WINS 7         /* a claim wins with an old server when a new one stands beside it */
#define RETIRED 8          /* an old id that had a vote gets its vote again under a new number */
#define DOUBLED 9          /* in worlds outside the assumption */
#define IN_USE 10          /* a note is refused because a beat names the old id */
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

byte counter[SERVERS];       /* 0: not there yet */
bit dead[SERVERS];
bit votes[SERVERS];          /* its id has a vote */
bit covers[SERVERS];         /* its floor covers the tick */
byte entry[SERVERS];         /* the claim that stands on the tick: 1 or 2 */
byte noted[SERVERS * N];     /* the newest id of another position that it knows */
/* What has been collected for an id without a vote: by position of the noter. */
byte noteBy[SERVERS * N];    /* id of the noter; 0: no note */
bit noteVotes[SERVERS * N];  /* the noter had a vote */
bit noteCovers[SERVERS * N]; /* its time covers the tick */
byte noteIds[SERVERS * N * N];

byte forks = FORKS, losses = LOSSES;

#ifndef LIVENESS
byte counted[2 * N];         /* the life that a claim counts, + 1; 0: not counted */
bit granted[2 * N];
byte won;                    /* bits */
#else
byte current[N];             /* after the faults: the life that the address leads to */
byte used[N * N];            /* at the node of a position: the id of another one that the last beat of X names */
bit reached[N];              /* by X */
bit isHealed;
#endif

/* For one step only. */
byte s, m, p, q, r, k, src, c, n, have, haveVoting, spare, doubts, alive, newest;
bit flag, sees;

#define COUNTS(claim, position) (counted[(claim) * N + (position)])
#define THERE(s) (counter[s] != 0 && !dead[s])
#define IS_NEW(s) (THERE(s) && !votes[s])
#define ID(s) ID_OF(counter[s], LIFE(s))

inline pick(variable, limit) {
  variable = 0;
  do :: variable < (limit) - 1 -> variable++ :: break od
}

inline forget() {
  s = 0; m = 0; p = 0; q = 0; r = 0; k = 0; src = 0; c = 0; n = 0; have = 0; haveVoting = 0; spare = 0; doubts = 0;
  alive = 0; newest = 0; flag = 0; sees = 0
}

inline dropNotes(target) {
  r = 0;
  do
  :: r < N ->
     noteBy[target * N + r] = 0; noteVotes[target * N + r] = 0; noteCovers[target * N + r] = 0;
     spare = 0;
     do :: spare < N -> noteIds[(target * N + r) * N + spare] = 0; spare++ :: else -> break od;
     r++
  :: else -> break
  od;
  r = 0; spare = 0
}

/* `doubts`: positions with a server that has no vote. `flag`: a position has two servers. */
inline countDoubts() {
  doubts = 0; flag = 0; r = 0;
  do
  :: r < N ->
     alive = 0; spare = 0; newest = 0;
     do
     :: spare < LIVES ->
        if
        :: THERE(SERVER(r, spare)) -> alive++; if :: !votes[SERVER(r, spare)] -> newest = 1 :: else fi
        :: else
        fi;
        spare++
     :: else -> break
     od;
     doubts = doubts + newest;
     if :: alive > 1 -> flag = 1 :: else fi;
     r++
  :: else -> break
  od;
  r = 0; spare = 0; alive = 0; newest = 0
}

/* A new server at position p, of life k. src: 0 empty, else what life src - 1 has (n = 1: as it was at the beginning). */
inline appear() {
  s = SERVER(p, k);
  if :: src == 0 -> counter[s] = 1 :: else -> counter[s] = counter[SERVER(p, src - 1)] + 1 fi;
  r = 0;
  do
  :: r < LIVES ->
     /* The assumption about clocks, and `highest`, which every grant raises. */
#ifndef NO_BIRTH_FLOOR
     if :: entry[SERVER(p, r)] != 0 -> covers[s] = 1 :: else fi;
#endif
     r++
  :: else -> break
  od;
  if
  :: src != 0 && n == 0 ->
     entry[s] = entry[SERVER(p, src - 1)];
     r = 0;
     do :: r < N -> noted[s * N + r] = noted[SERVER(p, src - 1) * N + r]; r++ :: else -> break od
#ifndef BOOT
  :: src != 0 && n == 1 ->
     r = 0;
     do
     :: r < N -> if :: r != p -> noted[s * N + r] = ID_OF(1, 0) :: else fi; r++
     :: else -> break
     od
#endif
  :: else
  fi;
  printf("position %d: server %d appears with id %d.%d (data of %d, old file %d)\n", p, k, counter[s], k, src - 1, n)
}

/* c: fork or loss of the server of life m. */
inline fault() {
  k = 0;
  do :: k < LIVES && counter[SERVER(p, k)] != 0 -> k++ :: else -> break od;
  if
  :: k == LIVES || (src > 0 && counter[SERVER(p, src - 1)] == 0) || (src > 0 && counter[SERVER(p, src - 1)] >= LIMIT) -> skip
  :: (src == 0 && n == 1) -> skip
  :: else ->
     if
     :: c == 0 && forks > 0 ->
        forks--; appear()
     :: c == 1 && losses > 0 && THERE(SERVER(p, m)) ->
        losses--; dead[SERVER(p, m)] = 1; votes[SERVER(p, m)] = 0; dropNotes(SERVER(p, m));
        printf("position %d: server %d loses its memory\n", p, m);
        appear()
     :: else
     fi
  fi
}

#ifdef VOTELESS_DO_NOT_NOTE
#define MAY_NOTE(m) votes[m]
#else
#define MAY_NOTE(m) true
#endif

/* Server m notes the id of server s. `sees`: in place of a note of another server of that position. */
inline note() {
  p = POSITION(s); q = POSITION(m);
  if
  :: p != q && THERE(s) && THERE(m) && !votes[s] && MAY_NOTE(m) && !RULES_OUT(noted[m * N + p], ID(s)) ->
#ifdef LIVENESS
     if
     :: isHealed && used[q * N + p] != 0 && used[q * N + p] != ID(s) && COUNTER(used[q * N + p]) <= counter[s] ->
        SOMETIMES(IN_USE); m = s; q = p
     :: else -> noted[m * N + p] = ID(s)
     fi;
#else
     if :: granted[q] && counted[q] == LIFE(m) + 1 && counted[p] != 0 -> SOMETIMES(NOTED_LATE) :: else fi;
#ifdef NOTE_IS_NOT_KEPT
     skip;
#else
     noted[m * N + p] = ID(s);
#endif
#endif
     if
     :: p != q && (noteBy[s * N + q] == 0 || (sees && noteBy[s * N + q] != ID(m))) ->
        noteBy[s * N + q] = ID(m);
        noteVotes[s * N + q] = votes[m];
#ifdef NO_TIME_IN_NOTES
        noteCovers[s * N + q] = 0;
#elif defined(TIME_IS_NOT_HIGHEST)
        /* Only the clock, which may have stepped back since the vote. */
        noteCovers[s * N + q] = 0;
#elif defined(TIME_IS_NOT_FLOOR)
        noteCovers[s * N + q] = (entry[m] != 0);
#else
        noteCovers[s * N + q] = (covers[m] || entry[m] != 0);
#endif
        r = 0;
        do
        :: r < N ->
#ifndef NOTES_WITHOUT_IDS
           if :: r != p && r != q -> noteIds[(s * N + q) * N + r] = noted[m * N + r] :: else fi;
#endif
           r++
        :: else -> break
        od;
        printf("server %d.%d of position %d notes %d.%d of position %d\n", counter[m], LIFE(m), q, counter[s], LIFE(s), p)
     :: else
     fi
  :: else
  fi
}

#if defined(NO_RENUMBER)
#define MAY_RENUMBER(s) false
#elif defined(RETIREMENT)
#define MAY_RENUMBER(s) true
#else
#define MAY_RENUMBER(s) !votes[s]
#endif

/* Server s learns from server m that its id is not newer. With a vote: the way back to an old server. */
inline renumber() {
  p = POSITION(s); q = POSITION(m);
#if defined(RETIREMENT) && !defined(LIVENESS)
  countDoubts();
  have = 0; r = 0;
  do :: r < LIVES -> if :: IS_NEW(SERVER(p, r)) -> have = 1 :: else fi; r++ :: else -> break od;
  if
  :: votes[s] && flag && doubts + 1 - have > TOLERATED -> m = s; q = p /* no */
  :: else
  fi;
#endif
  if
  :: p != q && THERE(s) && THERE(m) && MAY_RENUMBER(s) && RULES_OUT(noted[m * N + p], ID(s)) && COUNTER(noted[m * N + p]) < LIMIT ->
     counter[s] = COUNTER(noted[m * N + p]) + 1;
     votes[s] = 0;
#if !defined(LIVENESS) && !defined(ROUNDS_ARE_MIXED)
     /* From now on a claim names the new id, and what was granted to copies that named the old one is not counted. */
     c = 0;
     do
     :: c < 2 ->
        if
        :: !(won & (1 << c)) && COUNTS(c, p) == LIFE(s) + 1 ->
           r = 0;
           do :: r < N -> granted[c * N + r] = 0; r++ :: else -> break od
        :: else
        fi;
        c++
     :: else -> break
     od;
#endif
#ifndef NOTES_SURVIVE_RENUMBER
     dropNotes(s);
#endif
     SOMETIMES(RENUMBERED);
     printf("position %d: server %d is renumbered to %d\n", p, LIFE(s), counter[s])
  :: else
  fi
}

/* Another note, or server s itself, knows a newer id of the noter of position q. */
inline judge() {
  flag = 0;
  if
  :: noteBy[s * N + q] == 0 -> flag = 1
  :: else ->
#ifndef NO_VOID
     if :: VOIDS(noted[s * N + q], noteBy[s * N + q]) -> flag = 1 :: else fi;
     r = 0;
     do
     :: r < N ->
        if :: r != q && noteBy[s * N + r] != 0 && VOIDS(noteIds[(s * N + r) * N + q], noteBy[s * N + q]) -> flag = 1 :: else fi;
        r++
     :: else -> break
     od;
     if :: flag -> SOMETIMES(VOID_NOTE) :: else fi
#else
     skip
#endif
  fi
}

/* n: the number of positions of the set in whose name it is confirmed. */
inline countNotes() {
  have = 0; haveVoting = 0; q = 0;
  do
  :: q < n ->
     judge();
     if :: !flag -> have++; haveVoting = haveVoting + noteVotes[s * N + q] :: else fi;
     q++
  :: else -> break
  od
}

#ifdef ANY_NOTES
#define ENOUGH(n) (have >= NEEDED(n))
#else
/* A noter without a vote may be a second server itself: such notes count only when every other position has noted. */
#define ENOUGH(n) (haveVoting >= NEEDED(n) || have >= (n) - 1)
#endif
#ifdef FORCED
#define MAY_VOTE(n) (ENOUGH(n) || have >= QUORUM(n) - 1)
#else
#define MAY_VOTE(n) ENOUGH(n)
#endif

inline learn(position, id) {
  if
  :: position != p && (noted[s * N + position] == 0 || (id != 0 && COUNTER(id) > COUNTER(noted[s * N + position]))) ->
     noted[s * N + position] = id
  :: else
  fi
}

inline confirm() {
  p = POSITION(s);
  if
  :: THERE(s) && !votes[s] && p < n ->
     countNotes();
     if
     :: MAY_VOTE(n) ->
        votes[s] = 1;
        if :: counter[s] > 1 && LIFE(s) == 0 -> SOMETIMES(RETIRED) :: else fi;
        q = 0;
        do
        :: q < n ->
           if
           :: noteBy[s * N + q] != 0 ->
              if :: !covers[s] && noteCovers[s * N + q] -> SOMETIMES(COVERED_BY_NOTE) :: else fi;
              covers[s] = covers[s] | noteCovers[s * N + q];
#ifndef IDS_NOT_TAKEN_OVER
              learn(q, noteBy[s * N + q]);
              r = 0;
              do :: r < n -> learn(r, noteIds[(s * N + q) * N + r]); r++ :: else -> break od;
#endif
           :: else
           fi;
           q++
        :: else -> break
        od;
        dropNotes(s);
        printf("position %d: server %d with id %d.%d has a vote (floor covers the tick: %d)\n", p, LIFE(s), counter[s], LIFE(s), covers[s])
     :: else
     fi
  :: else
  fi
}

inline start() {
  s = 0;
  do
  :: s < SERVERS ->
     if
     :: LIFE(s) == 0 ->
        counter[s] = 1;
#ifndef BOOT
        if
        :: POSITION(s) < OLD_N ->
           votes[s] = 1;
           r = 0;
           do :: r < OLD_N -> if :: r != POSITION(s) -> noted[s * N + r] = ID_OF(1, 0) :: else fi; r++ :: else -> break od
        :: else
        fi
#endif
     :: else
     fi;
     s++
  :: else -> break
  od
}

inline pickNew() {
  s = 0;
  do :: s < SERVERS - 1 -> s++ :: IS_NEW(s) || s == SERVERS - 1 -> break od
}
inline pickThere() {
  m = 0;
  do :: m < SERVERS - 1 -> m++ :: THERE(m) || m == SERVERS - 1 -> break od
}

#ifndef LIVENESS

#define SERVER_OF(claim, position) SERVER(position, COUNTS(claim, position) - 1)

/* The floor comes before "the same claim: granted again": the entry may be of another id. */
#ifdef SAME_CLAIM_BEFORE_FLOOR
#define STANDING_FIRST(entry, c) ((entry) == 0)
#else
#define STANDING_FIRST(entry, c) true
#endif

/* Claim c reaches its server at position p. */
inline claim() {
  if
  :: !(won & (1 << c)) && COUNTS(c, p) != 0 && THERE(SERVER_OF(c, p)) && votes[SERVER_OF(c, p)] && !granted[c * N + p] ->
     s = SERVER_OF(c, p);
     flag = 0; r = 0;
     do
     :: r < N ->
        if
        :: r != p && COUNTS(c, r) != 0 ->
           if
           :: counter[SERVER_OF(c, r)] == 0 -> flag = 1
#ifndef NO_NAMES
           :: counter[SERVER_OF(c, r)] != 0 && RULES_OUT(noted[s * N + r], ID(SERVER_OF(c, r))) ->
              flag = 1; SOMETIMES(REFUSED_BY_NAME)
#endif
           :: else
           fi
        :: else
        fi;
        r++
     :: else -> break
     od;
     if
     :: flag -> skip
     :: !flag && entry[s] != 0 && entry[s] != c + 1 -> skip /* taken */
     :: !flag && STANDING_FIRST(entry[s], c) && covers[s] -> /* quarantined */ skip
     :: else ->
        entry[s] = c + 1; granted[c * N + p] = 1;
        printf("server %d of position %d votes for claim %d\n", LIFE(s), p, c);
        n = 0; r = 0;
        do :: r < N -> if :: COUNTS(c, r) != 0 && !granted[c * N + r] -> n = 1 :: else fi; r++ :: else -> break od;
        if
        :: n == 0 ->
           printf("claim %d wins\n", c);
           won = won | (1 << c);
           r = 0;
           do
           :: r < N ->
              if
              :: COUNTS(c, r) > 1 -> SOMETIMES(NEW_WINS)
              :: COUNTS(c, r) == 1 && counter[SERVER(r, 1)] != 0 -> SOMETIMES(OLD_WINS)
              :: else
              fi;
              r++
           :: else -> break
           od;
#if REACH == DOUBLED
           if :: won == 3 -> SOMETIMES(DOUBLED) :: else fi
#else
           assert(won != 3)
#endif
        :: else
        fi
     fi
  :: else
  fi
}

/*
 * The majorities that x and y count. Positions are alike, so x has the first ones, and y shares the first with it. Where
 * both count the same server they cannot both win. `-DOLD_N`: x is of the old set, y of the new one.
 */
inline choose() {
  p = 0;
  do
  :: p < QUORUM(OLD_N) -> do :: k < LIVES - 1 -> k++ :: break od; counted[p] = k + 1; k = 0; p++
  :: else -> break
  od;
  p = 0; n = 0;
  do
  :: p < N ->
     if
     :: true -> do :: k < LIVES - 1 -> k++ :: break od; counted[N + p] = k + 1; k = 0; n++
     :: p > 0 -> skip
     fi;
     p++
  :: else -> break
  od;
  skip;
  d_step {
    flag = (n == QUORUM(N) -> 0 : 1);
#ifdef Y_COUNTS /* bits: the positions that y counts */
    p = 0;
    do :: p < N -> if :: ((Y_COUNTS >> p) & 1) != (COUNTS(1, p) != 0) -> flag = 1 :: else fi; p++ :: else -> break od;
#endif
    p = 0;
    do :: p < N -> if :: COUNTS(0, p) != 0 && COUNTS(0, p) == COUNTS(1, p) -> flag = 1 :: else fi; p++ :: else -> break od;
    /* Like positions in order, except for the one that only the new set has. */
    p = 1;
    do
    :: p < OLD_N - 1 ->
       if :: p != QUORUM(OLD_N) - 1 && COUNTS(1, p) == 0 && COUNTS(1, p + 1) != 0 -> flag = 1 :: else fi; p++
    :: else -> break
    od
  }
}

#define NAMES(c, s) (COUNTS(c, POSITION(s)) != 0)

/* `flag`: one of the claims cannot win any more. Entries, floors and deaths are for good. */
inline judgeHope() {
  flag = 0; c = 0;
  do
  :: c < 2 ->
     p = 0;
     do
     :: p < N ->
        if
        :: !(won & (1 << c)) && COUNTS(c, p) != 0 && !granted[c * N + p] ->
           s = SERVER_OF(c, p);
           if
           :: dead[s] || (STANDING_FIRST(entry[s], c) && covers[s]) || (entry[s] != 0 && entry[s] != c + 1) -> flag = 1
           :: else
           fi;
           k = 0;
           do :: k < LIVES && counter[SERVER(p, k)] != 0 -> k++ :: else -> break od;
           if :: LIFE(s) >= k + forks + losses -> flag = 1 :: else fi
        :: else
        fi;
        p++
     :: else -> break
     od;
     c++
  :: else -> break
  od
}

bit hopeless;
inline conclude() {
  judgeHope();
  hopeless = flag;
  forget()
}

active proctype World() {
  atomic {
    choose();
    if
    :: flag -> goto end
    :: else -> d_step { start(); conclude() }
    fi
  }
  do
  :: hopeless -> break
  :: atomic { !hopeless -> pick(c, 2); pick(p, N); skip; d_step { claim(); conclude() } }
#ifndef ONLY_COUNTED
  :: atomic {
       !hopeless -> pick(c, 2); pick(s, SERVERS); skip;
       d_step {
         /* At the positions that c does not count its vote would only refuse more. */
         if :: NAMES(c, s) && THERE(s) && votes[s] && entry[s] == 0 && !covers[s] -> entry[s] = c + 1 :: else fi;
         conclude()
       }
     }
#endif
  :: atomic {
       !hopeless && forks + losses > 0 ->
       pick(c, 2); pick(p, N); pick(m, LIVES); pick(src, SOURCES); if :: SOURCES > 1 -> pick(n, 2) :: else fi;
       if :: c == 0 -> m = 0 :: else fi;
       d_step {
         q = p;
         countDoubts();
         have = 0; r = 0;
         do :: r < LIVES -> if :: THERE(SERVER(q, r)) && !votes[SERVER(q, r)] -> have = 1 :: else fi; r++ :: else -> break od;
         /* This position will be in doubt, and after a fork it has two servers. */
         if
         :: ((flag || c == 0) && doubts + 1 - have > TOLERATED) || !((FAULTS_AT >> q) & 1) -> skip
         :: else -> fault()
         fi;
         conclude()
       }
     }
  :: atomic { !hopeless -> pickNew(); pickThere(); pick(sees, 2); skip; d_step { note(); conclude() } }
#ifdef RETIREMENT
  :: atomic { !hopeless -> pick(s, SERVERS); pickThere(); skip; d_step { renumber(); conclude() } }
#else
  :: atomic { !hopeless -> pickNew(); pickThere(); skip; d_step { renumber(); conclude() } }
#endif
  :: atomic { !hopeless -> pickNew(); n = N; if :: true :: OLD_N < N -> n = OLD_N fi; d_step { confirm(); conclude() } }
  :: atomic { /* a server that has another beside it is gone for good, which allows for another fault */
       !hopeless && forks + losses > 0 -> pick(s, SERVERS); skip;
       d_step {
         k = 0; r = 0;
         do :: r < LIVES -> if :: THERE(SERVER(POSITION(s), r)) -> k++ :: else fi; r++ :: else -> break od;
         if :: THERE(s) && k > 1 -> dead[s] = 1; votes[s] = 0; dropNotes(s) :: else fi;
         conclude()
       }
     }
  od;
end: skip
}
#endif

#ifdef LIVENESS
/*
 * Liveness, as a property of states: after any faults and any steps the addresses lead everybody to one server each
 * again, and from then on the upkeep of the instances runs (ask for notes, renumber, confirm, beat), in any order. No
 * step may be without effect for ever: each raises a counter or adds a fact, so what has to be shown is that in every
 * state a step has effect until all positions have a vote and nobody refuses them. X is an instance that lives and
 * reaches some of the positions only.
 */
#ifdef BEATS_NAME_THE_SILENT
#define NAMED_BY_X(position) (reached[position] -> ID(SERVER(position, current[position])) : used[q * N + position])
#else
#define NAMED_BY_X(position) (reached[position] -> ID(SERVER(position, current[position])) : 0)
#endif
#define NOW_AT(position) SERVER(position, current[position])
#define IS_IN_USE(m, s) (used[POSITION(m) * N + POSITION(s)] != 0 && used[POSITION(m) * N + POSITION(s)] != ID(s) \
  && COUNTER(used[POSITION(m) * N + POSITION(s)]) <= counter[s])

byte pp, qq;
bit isDone, canStep;

inline judgeProgress() {
  isDone = 1; canStep = 0; pp = 0;
  do
  :: pp < N ->
     s = NOW_AT(pp);
     if :: !votes[s] -> isDone = 0 :: else fi;
     qq = 0;
     do
     :: qq < N && qq != pp ->
        m = NOW_AT(qq);
        if
        :: RULES_OUT(noted[m * N + pp], ID(s)) ->
           isDone = 0;
           if :: MAY_RENUMBER(s) && COUNTER(noted[m * N + pp]) < LIMIT -> canStep = 1 :: else fi
        :: else ->
           if
           :: IS_NEW(s) && MAY_NOTE(m) && !IS_IN_USE(m, s) && (noted[m * N + pp] != ID(s) || noteBy[s * N + qq] != ID(m)) -> canStep = 1
           :: else
           fi
        fi;
        q = qq;
        if
        :: reached[qq] && used[qq * N + pp] != NAMED_BY_X(pp) -> canStep = 1
        :: !reached[qq] && used[qq * N + pp] != 0 -> canStep = 1
        :: else
        fi;
        qq++
     :: qq < N && qq == pp -> qq++
     :: else -> break
     od;
     if
     :: IS_NEW(s) ->
        p = pp; n = N;
        countNotes();
        if :: MAY_VOTE(n) -> canStep = 1 :: else fi
     :: else
     fi;
     pp++
  :: else -> break
  od;
  assert(isDone || canStep); /* else a position is without a vote for ever */
  pp = 0; qq = 0; canStep = 0
}

inline after() {
  forget();
  if :: isHealed -> judgeProgress(); forget() :: else fi
}

active proctype World() {
  d_step { start(); forget() };
  do
  :: isDone -> break
  :: atomic {
       !isHealed && forks + losses > 0 ->
       pick(c, 2); pick(p, N); pick(m, LIVES); pick(src, SOURCES); if :: SOURCES > 1 -> pick(n, 2) :: else fi;
       if :: c == 0 -> m = 0 :: else fi;
       d_step { fault(); after() }
     }
  :: atomic {
       !isHealed -> isHealed = 1;
       p = 0;
       do
       :: p < N ->
          if :: reached[p] = 1 :: skip fi;
          do
          :: current[p] < LIVES - 1 -> current[p]++
          :: THERE(SERVER(p, current[p])) -> break
          :: current[p] == LIVES - 1 && !THERE(SERVER(p, current[p])) -> goto end
          od;
          q = 0;
          do
          :: q < N ->
             if
             :: q != p -> pick(k, LIVES); if :: counter[SERVER(p, k)] != 0 -> used[q * N + p] = ID(SERVER(p, k)) :: skip fi
             :: else
             fi;
             q++
          :: else -> break
          od;
          p++
       :: else -> break
       od;
       printf("from now on the addresses lead to servers %d, %d, %d; X reaches %d %d %d\n", current[0], current[1], current[2], reached[0], reached[1], reached[2]);
       d_step { after() }
     }
  :: atomic {
       !isDone -> pickNew(); pickThere(); pick(sees, 2); skip;
       d_step { if :: isHealed && (s != NOW_AT(POSITION(s)) || m != NOW_AT(POSITION(m))) -> skip :: else -> note() fi; after() }
     }
  :: atomic {
       !isDone -> pick(s, SERVERS); pickThere(); skip;
       d_step { if :: isHealed && (s != NOW_AT(POSITION(s)) || m != NOW_AT(POSITION(m))) -> skip :: else -> renumber() fi; after() }
     }
  :: atomic {
       !isDone -> pickNew(); n = N; skip;
       d_step { if :: isHealed && s != NOW_AT(POSITION(s)) -> skip :: else -> confirm() fi; after() }
     }
  :: atomic { /* X beats at the node of position q, or has not for a time to live */
       isHealed && !isDone -> pick(q, N); skip;
       d_step {
         p = 0;
         do
         :: p < N ->
            if
            :: p != q && reached[q] -> used[q * N + p] = NAMED_BY_X(p)
            :: p != q && !reached[q] -> used[q * N + p] = 0
            :: else
            fi;
            p++
         :: else -> break
         od;
         after()
       }
     }
  od;
end: skip
}
#endif
